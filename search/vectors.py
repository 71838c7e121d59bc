"""The nearest vectors: exactly, or by the HNSW index of a space, within what the user may see."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from django.db import connection, transaction
from django.db.models import F, QuerySet, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Coalesce
from numpy.typing import NDArray
from pgvector.django import CosineDistance, HalfVectorField, MaxInnerProduct

from codeindex.models import Embedding, EmbeddingState, Space
from search import scopes
from search.balance import EVEN, Balance
from search.scopes import Scope

MAX_EF_SEARCH = 1_000

WIDER = 5
"""Times as many are taken by the HNSW index, which knows only whole vectors, where they are then
compared by a part of them."""

VECTOR, STRUCTURE = F("vector"), F("structure")

Vector = list[float] | NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Meaning:
    """A query's vector, of shape (dimensions,), the space in which it may be compared, and how much
    of what the text and the code of a definition add to its vector counts."""

    space: Space
    vector: Vector
    balance: Balance = EVEN


def ready(space: Space) -> QuerySet[Embedding]:
    """As the partial index has it."""
    return Embedding.objects.filter(space=space.pk, state=EmbeddingState.READY)


def cosine(meaning: Meaning, of: Combinable = VECTOR) -> Combinable:
    """Of the query's vector and that of a row."""
    return 1.0 - CosineDistance(_as_wide(meaning.space, of), meaning.vector)


def by_code(meaning: Meaning, of: Combinable = STRUCTURE) -> Combinable:
    """What the code of a definition adds to that cosine; null where it is not known."""
    return 0.0 - MaxInnerProduct(_as_wide(meaning.space, of), meaning.vector)


def scored(space: Space, texts: Collection[int], closeness: Combinable) -> dict[int, float]:
    """text → its closeness, those that have one, the closest first."""
    rows = ready(space).filter(text__in=texts).values_list("text", closeness)
    found = {text: score for text, score in rows if score is not None}
    return dict(sorted(found.items(), key=lambda row: (-row[1], row[0])))


def nearest(meaning: Meaning, within: Scope, limit: int) -> list[int]:
    """The texts whose vectors are nearest to the query's in its balance, nearest first: of all
    where few are visible, else of those that the HNSW index gives, which goes on until it has found
    enough visible ones."""
    if meaning.balance.is_of_whole_vectors:
        return _nearest(meaning, within, limit)
    return nearest_by(_balanced(meaning), meaning, within, limit)


def nearest_by(closeness: Combinable, meaning: Meaning, within: Scope, limit: int) -> list[int]:
    """The texts that are nearest by an expression of their own, of the visible ones where these are
    few, else of those whose whole vectors are nearest."""
    candidates = _vectors(meaning, within)
    if not within.is_small:
        candidates = ready(meaning.space).filter(text__in=_nearest(meaning, within, WIDER * limit))
    ordered = candidates.order_by(Coalesce(closeness, Value(-1.0)).desc(), "text")
    return list(ordered.values_list("text", flat=True)[:limit])


def _nearest(meaning: Meaning, within: Scope, limit: int) -> list[int]:
    if not within.is_small:
        found = _by_index(meaning, within, limit)
        if len(found) == limit:
            return found
    return _exactly(meaning, within, limit)


def _by_index(meaning: Meaning, within: Scope, limit: int) -> list[int]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SET LOCAL hnsw.iterative_scan = relaxed_order;"
            f"SET LOCAL hnsw.ef_search = {min(limit, MAX_EF_SEARCH)};"
            "SET LOCAL enable_sort = off"  # the index orders; sorting would compare all vectors
        )
        ordered = _vectors(meaning, within).order_by(_distance(meaning))
        return list(ordered.values_list("text", flat=True)[:limit])


def _exactly(meaning: Meaning, within: Scope, limit: int) -> list[int]:
    """Ordered by a sum that no index knows, so that all visible vectors are compared."""
    ordered = _vectors(meaning, within).order_by(_distance(meaning) + Value(0.0))
    return list(ordered.values_list("text", flat=True)[:limit])


def _vectors(meaning: Meaning, within: Scope) -> QuerySet[Embedding]:
    return scopes.visible(ready(meaning.space), "text", within)


def _balanced(meaning: Meaning) -> Combinable:
    balance = meaning.balance
    code = Coalesce(by_code(meaning), Value(0.0))
    return balance.meaning * cosine(meaning) + (balance.structure - balance.meaning) * code


def _distance(meaning: Meaning) -> CosineDistance:
    return CosineDistance(_as_wide(meaning.space, VECTOR), meaning.vector)


def _as_wide(space: Space, of: Combinable) -> Cast:
    """As the space's index has it: the cast needs the width as a literal."""
    return Cast(of, HalfVectorField(dimensions=space.dimensions))

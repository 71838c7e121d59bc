"""Candidates: the texts nearest to a query's meaning, those that hold its words, and those of the
definitions that it names, each within what the user may see, and all scored alike.

The one gate is an EXISTS on a single live, visible source file, inside each query.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, islice
from typing import TypeVar

import numpy as np
from django.db import connection, transaction
from django.db.models import (
    Case,
    Exists,
    FloatField,
    Func,
    IntegerField,
    Model,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast
from numpy.typing import NDArray
from pgvector.django import CosineDistance, HalfVectorField

from codeindex.models import (
    Definition,
    Embedding,
    EmbeddingState,
    Space,
    Text,
)
from search import lexemes, manners, scopes, symbols
from search.lexemes import Lexeme, LexemeQuery, any_of, both
from search.manners import Rule
from search.queries import Query
from search.scopes import Scope

Row = TypeVar("Row", bound=Model)

DEPTH = 100
"""Candidates of each kind at least: results are ranked among more than are shown."""

LONG_TEXT = 200.0
"""Distinct words; a text of so many counts half for the same words as a very short one. Measured as
the weights in `search.ranking` are; 100 and 400 do as well."""

MATCHES = 2_000
"""Texts that are scored by their words, at about 5 µs each."""

MAX_EF_SEARCH = 1_000


@dataclass(frozen=True, slots=True)
class Meaning:
    """A query's vector, of shape (dimensions,), and the space in which it may be compared."""

    space: Space
    vector: list[float] | NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A text and what speaks for it. `similarity` is the cosine of its vector and the query's,
    None where it has no vector; `coverage` the part of the query's words that it holds, weighted
    and discounted for length, from 0 to 1; `named` whether the query is the name of one of its
    definitions; `aside` whether it lies only where the rules of `search.manners` put it lower."""

    text: int
    similarity: float | None
    coverage: float
    aside: bool
    named: bool


def candidates(
    query: Query, meaning: Meaning | None, within: Scope, limit: int, rules: Sequence[Rule] = ()
) -> list[Candidate]:
    """At least `limit` texts that may answer the query, if so many are visible and `meaning` is
    given; in no order."""
    if not within.branches:
        return []
    depth = max(DEPTH, 2 * limit)
    words = lexemes.of(query.words)
    named = set(_named(query.symbol, within, depth))
    found = named.union(_containing(words, within, depth))
    if meaning:
        found.update(nearest(meaning, within, depth))
    return _scored(found, words, meaning, named, _is_aside(rules, within))


def nearest(meaning: Meaning, within: Scope, limit: int) -> list[int]:
    """The texts whose vectors are nearest to the query's: exactly, where few are visible, else by
    the HNSW index, which goes on until it has found `limit` visible ones."""
    if not within.is_small:
        found = _nearest_by_index(meaning, within, limit)
        if len(found) == limit:
            return found
    return _nearest_exactly(meaning, within, limit)


def similar(meaning: Meaning, within: Scope, limit: int) -> dict[int, float]:
    """text → the cosine of its vector with the given one, of the nearest, nearest first."""
    near = nearest(meaning, within, limit)
    rows = _ready(meaning.space).filter(text__in=near)
    found = dict(rows.values_list("text", 1.0 - _distance(meaning)))
    return dict(sorted(found.items(), key=lambda row: (-row[1], row[0])))


def _nearest_by_index(meaning: Meaning, within: Scope, limit: int) -> list[int]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SET LOCAL hnsw.iterative_scan = relaxed_order;"
            f"SET LOCAL hnsw.ef_search = {min(limit, MAX_EF_SEARCH)};"
            "SET LOCAL enable_sort = off"  # the index orders; sorting would compare all vectors
        )
        ordered = _vectors(meaning, within).order_by(_distance(meaning))
        return list(ordered.values_list("text", flat=True)[:limit])


def _nearest_exactly(meaning: Meaning, within: Scope, limit: int) -> list[int]:
    """Ordered by a sum that no index knows, so that all visible vectors are compared."""
    ordered = _vectors(meaning, within).order_by(_distance(meaning) + Value(0.0))
    return list(ordered.values_list("text", flat=True)[:limit])


def _vectors(meaning: Meaning, within: Scope) -> QuerySet[Embedding]:
    return _visible(_ready(meaning.space), "text", within)


def _ready(space: Space) -> QuerySet[Embedding]:
    """As the partial index has it."""
    return Embedding.objects.filter(space=space.pk, state=EmbeddingState.READY)


def _distance(meaning: Meaning) -> CosineDistance:
    """As the space's index has it: the cast needs the width as a literal."""
    width = HalfVectorField(dimensions=meaning.space.dimensions)
    return CosineDistance(Cast("vector", width), meaning.vector)


def _containing(words: Sequence[Lexeme], within: Scope, limit: int) -> set[int]:
    """The texts that cover most of the query's words, among those that hold its rarest ones."""
    covering = _covering_of_few if within.is_small else _covering_of_many
    found: set[int] = set()
    for telling in _telling(words, within):
        found.update(covering(telling, words, within, limit))
        if len(found) >= limit:
            break
    return found


def _covering_of_few(
    telling: LexemeQuery, words: Sequence[Lexeme], within: Scope, limit: int
) -> Iterable[int]:
    texts = _visible(Text.objects.filter(words=telling), "pk", within)
    return texts.order_by(_coverage(words).desc(), "pk").values_list("pk", flat=True)[:limit]


def _covering_of_many(
    telling: LexemeQuery, words: Sequence[Lexeme], within: Scope, limit: int
) -> Iterator[int]:
    """The gate last, and only as far down as it takes to find enough, by ever larger steps; with
    filters first, too, since they may keep none of the first matches."""
    matching = Text.objects.filter(words=telling)
    if not within.is_whole:
        matching = _visible(matching, "pk", within)
    matches = matching.values_list("pk", _coverage(words))[:MATCHES]
    best = [text for text, _ in sorted(matches, key=lambda match: (-match[1], match[0]))]
    start, step, left = 0, 2 * limit, limit
    while left > 0 and start < len(best):
        some = best[start : start + step]
        gate = _visible(Text.objects.filter(pk__in=some), "pk", within)
        seen = set(gate.values_list("pk", flat=True))
        yield from islice((text for text in some if text in seen), left)
        start, step, left = start + step, 2 * step, left - len(seen)


def _visible(rows: QuerySet[Row], text: str, within: Scope) -> QuerySet[Row]:
    """Those of whose text, named by the field `text`, one file of the scope holds a definition."""
    found = scopes.held(within.definitions, within.files)
    return rows.filter(Exists(found.filter(text=OuterRef(text))))


def _telling(words: Sequence[Lexeme], within: Scope) -> Iterator[LexemeQuery]:
    """Queries for texts that may cover much: those with any of the words that are so rare that
    together some MATCHES texts hold them; and of the common words those with the rarest and
    another one."""
    expected = accumulate(lexeme.share * within.texts for lexeme in words)
    rare = sum(texts <= MATCHES for texts in expected)
    if rare:
        yield any_of(words[:rare])
    if rare < len(words):
        yield both(words[rare], words[rare + 1 :])


def _named(symbol: Sequence[str], within: Scope, limit: int) -> set[int]:
    """The texts of definitions that the query names: by their bare or qualified name, or by that
    and the end of their module's path (`sessions.Session.request`)."""
    if not symbol:
        return set()
    visible = within.files.filter(blob=OuterRef("blob"))
    whole, end = symbols.enclosed(symbol)
    names = Q(qualified_name=whole) | Q(qualified_name__endswith=end)
    called = names & Exists(visible)
    for reading in symbols.in_modules(symbol):
        inside = visible.filter(path__regex=reading.module)
        called |= Q(qualified_name=reading.name) & Exists(inside)
    definitions = within.definitions.filter(called, name=symbol[-1])
    return set(definitions.values_list("text", flat=True)[:limit])


def _is_aside(rules: Sequence[Rule], within: Scope) -> Combinable:
    """Whether a text lies in no file of the scope but those that the rules put lower."""
    if not rules:
        return Value(False)
    proper = within.files.exclude(path__regex=manners.pattern(rules))
    return ~Exists(scopes.held(Definition.objects.filter(text=OuterRef("pk")), proper))


def _scored(
    texts: Collection[int],
    words: Sequence[Lexeme],
    meaning: Meaning | None,
    named: set[int],
    aside: Combinable,
) -> list[Candidate]:
    """The texts, which the user may see, with all that speaks for them."""
    similarity = Value(None, FloatField())
    if meaning:
        vector = _ready(meaning.space).filter(text=OuterRef("pk"))
        similarity = Subquery(vector.values(similarity=1.0 - _distance(meaning)))
    found = Text.objects.filter(pk__in=texts)
    scores = found.values_list("pk", similarity, _coverage(words), aside)
    return [Candidate(*score, named=score[0] in named) for score in scores]


def _coverage(words: Sequence[Lexeme]) -> Combinable:
    """The share of the query's weight that a text's words carry, discounted for long texts."""
    if not words:
        return Value(0.0)
    held = sum(
        (Case(When(words=any_of([lexeme]), then=lexeme.weight), default=0.0) for lexeme in words),
        start=Value(0.0),
    )
    length = Func("words", function="length", output_field=IntegerField())
    whole = sum(lexeme.weight for lexeme in words)
    return held / (whole * (1.0 + length / LONG_TEXT))

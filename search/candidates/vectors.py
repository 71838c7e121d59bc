"""The vectors nearest to a query's, within what the user may see: by comparing all of them, or by
the HNSW index of a space.

SQL expressions here read rows of codeindex_embedding under the alias `own`. Their placeholders are
filled from `QueryVector.parameters`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codeindex.models import Space
from codeindex.observability.stages import stage
from search.candidates import sql
from search.candidates.scopes import Scope
from search.ranking.balance import EVEN, Balance

EF_SEARCH = 80
"""Candidates that the HNSW index keeps while it searches, for up to REFERENCE_TEXTS.
docs/results/search.md has the recall and the time of other values."""

REFERENCE_TEXTS, EF_SEARCH_GROWTH = 200_000, 0.4
"""For n times REFERENCE_TEXTS, EF_SEARCH times n ** EF_SEARCH_GROWTH keeps the recall about the
same."""

MAX_EF_SEARCH = 1_000
"""pgvector's upper limit."""

OVERSAMPLING = 5
"""The HNSW index knows whole vectors only. Where they are then compared by a part of them, this
many times the limit are taken from it."""

Vector = list[float] | NDArray[np.float32]


@dataclass(frozen=True)
class QueryVector:
    """A query's vector, of shape (dimensions,), which may still be on its way; the space that it
    can be compared in; how much the text's and the code's share of a similarity count; and how wide
    the HNSW index is searched, for up to REFERENCE_TEXTS."""

    space: Space
    vector: Vector | Future[NDArray[np.float32]]
    balance: Balance = EVEN
    ef_search: int = EF_SEARCH

    @cached_property
    def parameters(self) -> dict[str, object]:
        vector = self.vector.result() if isinstance(self.vector, Future) else self.vector
        return {"query": vector_literal(vector)}

    def wait(self) -> None:
        """Waits for the vector, if it is still on its way."""
        if isinstance(self.vector, Future):
            with stage("encode"):
                self.vector.result()

    @property
    def row_condition(self) -> str:
        """The condition that a row is of this space and has a vector. It is written with literals,
        as in the partial index, so that the planner recognises it."""
        return f"own.space_id = {self.space.pk} AND own.state = 'ready'"

    @property
    def cosine(self) -> str:
        """The cosine of the query's vector and a row's."""
        return f"(1.0 - {self.distance})"

    @property
    def code_cosine(self) -> str:
        """The share of that cosine that comes from a definition's code; null where it is
        unknown."""
        return f"(0.0 - ({self.cast('own.structure')} <#> %(query)s))"

    @property
    def distance(self) -> str:
        return f"({self.cast('own.vector')} <=> %(query)s)"

    @property
    def balanced_cosine(self) -> str:
        """The cosine, with the shares of text and code weighted by the balance."""
        text, code = float(self.balance.meaning), float(self.balance.structure)
        return f"({text} * {self.cosine} + {code - text} * coalesce({self.code_cosine}, 0.0))"

    def cast(self, vector: str) -> str:
        """A vector expression as the space's index has it: the cast needs the dimensions as a
        literal."""
        return f"({vector})::halfvec({self.space.dimensions})"


def vector_literal(vector: Vector) -> str:
    """A vector as Postgres reads it. Five digits are enough for half precision; the text of a
    `HalfVector` is twice as long, and is parsed each time that a statement names it."""
    numbers = np.asarray(vector, np.float16).tolist()
    return f"[{','.join(['%.5g'] * len(numbers)) % tuple(numbers)}]"


@dataclass(frozen=True, slots=True)
class ExtraColumns:
    """What is selected of the nearest texts beside their ids: `columns`, each after a comma, of
    `own` and of what `joins` add to it, and the parameters of both. The joins are the permission
    gate: they drop every text that may not be found."""

    columns: str
    joins: str
    parameters: Mapping[str, object]

    @classmethod
    def none(cls, scope: Scope) -> ExtraColumns:
        """The gate alone."""
        return cls(
            "",
            f"JOIN LATERAL ({scope.visible_row('own.text_id')}) AS gate ON true",
            scope.parameters,
        )


def similarities(
    query: QueryVector, texts: Collection[int], similarity: str, parameters: Mapping[str, object]
) -> dict[int, float]:
    """text → its value of the expression `similarity`, highest first; texts without one are left
    out."""
    selected = sql.rows(
        f"SELECT text_id, {similarity} AS similarity FROM codeindex_embedding AS own"
        f" WHERE {query.row_condition} AND text_id = ANY(%(texts)s)",
        {**parameters, "texts": sql.array_literal(texts)},
    )
    known = [(text, value) for text, value in selected if value is not None]
    return dict(sorted(known, key=lambda row: (-row[1], row[0])))


def cosines(query: QueryVector, texts: Collection[int]) -> dict[int, tuple[float, float | None]]:
    """text → the cosine of its vector and the query's, and the code's share of that. Texts without
    a vector are left out."""
    selected = sql.rows(
        f"SELECT text_id, {query.cosine}, {query.code_cosine} FROM codeindex_embedding AS own"
        f" WHERE {query.row_condition} AND text_id = ANY(%(texts)s)",
        {**query.parameters, "texts": sql.array_literal(texts)},
    )
    return {text: (cosine, code_cosine) for text, cosine, code_cosine in selected}


def nearest_texts(query: QueryVector, scope: Scope, limit: int, minimum: int = 0) -> list[int]:
    """The texts in scope whose vectors are nearest to the query's in its balance, nearest first.

    In a small scope all vectors are compared. Otherwise the HNSW index is searched; if it leads to
    fewer than `minimum` visible texts (default: `limit`), all are compared after all, which takes
    seconds for a million."""
    extra = ExtraColumns.none(scope)
    return [text for (text,) in nearest_rows(query, scope, limit, extra, minimum or limit)]


def nearest_rows(
    query: QueryVector, scope: Scope, limit: int, extra: ExtraColumns, minimum: int
) -> list[tuple[Any, ...]]:
    """The same texts, each with its extra columns."""
    if query.balance.is_of_whole_vectors:
        return _nearest_by_cosine(query, scope, limit, extra, minimum)
    return _nearest_by(query.balanced_cosine, query.parameters, query, scope, limit, extra)


def nearest_of_all(query: QueryVector, limit: int, texts: int, *, by_index: bool) -> list[int]:
    """The nearest of all `texts` in the space, whoever may see them: to measure the index, never to
    be shown."""
    every = ExtraColumns("", "", {})
    if by_index:
        ef_search = round(query.ef_search * _growth(texts))
        rows = _search_index(query, limit, every, max(limit, ef_search))
    else:
        order = f"{query.distance} + 0.0"
        rows = _compare_all(query.row_condition, order, query.parameters, limit, every)
    return [text for (text,) in rows]


def nearest_texts_by(
    similarity: str, parameters: Mapping[str, object], query: QueryVector, scope: Scope, limit: int
) -> list[int]:
    """The nearest texts by an expression of their own: of all texts in a small scope, otherwise of
    those whose whole vectors are nearest."""
    extra = ExtraColumns.none(scope)
    return [text for (text,) in _nearest_by(similarity, parameters, query, scope, limit, extra)]


def _nearest_by(
    similarity: str,
    parameters: Mapping[str, object],
    query: QueryVector,
    scope: Scope,
    limit: int,
    extra: ExtraColumns,
) -> list[tuple[Any, ...]]:
    condition = scope.is_visible("own.text_id")
    parameters = {**parameters, **scope.parameters}
    if not scope.is_small:
        condition = "own.text_id = ANY(%(texts)s)"
        only_ids = ExtraColumns.none(scope)
        by_cosine = _nearest_by_cosine(query, scope, OVERSAMPLING * limit, only_ids, limit)
        parameters["texts"] = sql.array_literal(text for (text,) in by_cosine)
    order = f"coalesce({similarity}, -1.0) DESC, own.text_id"
    return _compare_all(f"{query.row_condition} AND {condition}", order, parameters, limit, extra)


def _nearest_by_cosine(
    query: QueryVector, scope: Scope, limit: int, extra: ExtraColumns, minimum: int
) -> list[tuple[Any, ...]]:
    if not scope.is_small:
        nearest = _search_index(query, limit, extra, max(limit, _ef_search(scope, query.ef_search)))
        if len(nearest) >= minimum:
            return nearest
    condition = f"{query.row_condition} AND {scope.is_visible('own.text_id')}"
    # No index knows a sum, so that all visible vectors are compared.
    order = f"{query.distance} + 0.0"
    return _compare_all(condition, order, {**query.parameters, **scope.parameters}, limit, extra)


def _ef_search(scope: Scope, base: int = EF_SEARCH) -> int:
    """Wide enough to find the width for all texts among those that permissions and repository
    filters leave. Other filters leave an unknown part, so that they get the maximum: what the width
    finds saves further rounds, so that it costs hardly more."""
    if not scope.has_only_branch_filters:
        return MAX_EF_SEARCH
    return round(base * _growth(scope.all_texts) * scope.all_texts / scope.texts)


def _growth(texts: int) -> float:
    growth: float = max(1.0, texts / REFERENCE_TEXTS) ** EF_SEARCH_GROWTH
    return growth


def _search_index(
    query: QueryVector, limit: int, extra: ExtraColumns, ef_search: int
) -> list[tuple[Any, ...]]:
    """In the order of the index; sorting is off, since it would compare all vectors."""
    return sql.rows(
        f"SELECT own.text_id{extra.columns} FROM codeindex_embedding AS own {extra.joins}"
        f" WHERE {query.row_condition} ORDER BY {query.distance} LIMIT {limit}",
        {**query.parameters, **extra.parameters},
        {
            "hnsw.iterative_scan": "relaxed_order",
            "hnsw.ef_search": str(min(ef_search, MAX_EF_SEARCH)),
            "enable_sort": "off",
        },
    )


def _compare_all(
    condition: str,
    order: str,
    parameters: Mapping[str, object],
    limit: int,
    extra: ExtraColumns,
) -> list[tuple[Any, ...]]:
    """The first `limit` of all rows that meet the condition, by an order that no index has."""
    nearest = (
        "SELECT own.text_id, own.vector, own.structure FROM codeindex_embedding AS own"
        f" WHERE {condition} ORDER BY {order} LIMIT {limit}"
    )
    return sql.rows(
        f"SELECT own.text_id{extra.columns} FROM ({nearest}) AS own {extra.joins}",
        {**parameters, **extra.parameters},
    )

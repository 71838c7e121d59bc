"""The nearest vectors: exactly, or by the HNSW index of a space, within what the user may see.

Expressions over the rows of codeindex_embedding, here called `own`, say how near a vector is; their
parameters are what a Meaning is `given`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codeindex.models import Space
from search.balance import EVEN, Balance
from search.candidates import sql
from search.candidates.scopes import Scope

WIDTH = 80
"""Candidates that the HNSW index keeps while it looks (`ef_search`), up to WIDE texts.
docs/search.md has what wider and narrower ones find, and what they cost."""

WIDE, GROWTH = 200_000, 0.4
"""An index of n times WIDE texts finds about as much of them with n ** GROWTH times the width."""

MAX_WIDTH = 1_000
"""What pgvector allows."""

WIDER = 5
"""Times as many are taken by the HNSW index, which knows only whole vectors, where they are then
compared by a part of them."""

Vector = list[float] | NDArray[np.float32]


@dataclass(frozen=True)
class Meaning:
    """A query's vector, of shape (dimensions,), which may still be on its way, the space in which
    it may be compared, and how much of what the text and the code of a definition add to its vector
    counts."""

    space: Space
    vector: Vector | Future[NDArray[np.float32]]
    balance: Balance = EVEN

    @cached_property
    def given(self) -> dict[str, object]:
        vector = self.vector.result() if isinstance(self.vector, Future) else self.vector
        return {"query": as_text(vector)}

    @property
    def ready(self) -> str:
        """The condition that a row is of this space, and has its vector: as the partial index has
        it, which the planner recognises by the literals."""
        return f"own.space_id = {self.space.pk} AND own.state = 'ready'"

    @property
    def cosine(self) -> str:
        """Of the query's vector and that of a row."""
        return f"(1.0 - {self.distance})"

    @property
    def by_code(self) -> str:
        """What the code of a definition adds to that cosine; null where it is not known."""
        return f"(0.0 - ({self.wide('own.structure')} <#> %(query)s))"

    @property
    def distance(self) -> str:
        return f"({self.wide('own.vector')} <=> %(query)s)"

    @property
    def balanced(self) -> str:
        """The cosine, as far as the balance has text and code count."""
        text, code = float(self.balance.meaning), float(self.balance.structure)
        return f"({text} * {self.cosine} + {code - text} * coalesce({self.by_code}, 0.0))"

    def wide(self, vector: str) -> str:
        """As the space's index has it: the cast needs the width as a literal."""
        return f"({vector})::halfvec({self.space.dimensions})"


def as_text(vector: Vector) -> str:
    """As Postgres reads a vector, in half precision, which five digits tell apart; that of a
    `HalfVector` is twice as long, and is read as often as a statement names it."""
    numbers = np.asarray(vector, np.float16).tolist()
    return f"[{','.join(['%.5g'] * len(numbers)) % tuple(numbers)}]"


@dataclass(frozen=True, slots=True)
class About:
    """What is asked of the nearest texts beside their ids: columns, with a comma before the first,
    of rows `own` and of what is joined to them, and the parameters of both. The joins are the gate:
    they leave no text that may not be found."""

    columns: str
    joins: str
    given: Mapping[str, object]

    @classmethod
    def nothing(cls, within: Scope) -> About:
        return cls(
            "", f"JOIN LATERAL ({within.first('own.text_id')}) AS gate ON true", within.given
        )


def scored(
    meaning: Meaning, texts: Collection[int], closeness: str, given: Mapping[str, object]
) -> dict[int, float]:
    """text → its closeness, those that have one, the closest first."""
    found = sql.rows(
        f"SELECT text_id, {closeness} AS closeness FROM codeindex_embedding AS own"
        f" WHERE {meaning.ready} AND text_id = ANY(%(texts)s)",
        {**given, "texts": sql.array(texts)},
    )
    known = [(text, score) for text, score in found if score is not None]
    return dict(sorted(known, key=lambda row: (-row[1], row[0])))


def compared(meaning: Meaning, texts: Collection[int]) -> dict[int, tuple[float, float | None]]:
    """text → the cosine of its vector and the query's, and what its code adds to that, of those
    that have one."""
    found = sql.rows(
        f"SELECT text_id, {meaning.cosine}, {meaning.by_code} FROM codeindex_embedding AS own"
        f" WHERE {meaning.ready} AND text_id = ANY(%(texts)s)",
        {**meaning.given, "texts": sql.array(texts)},
    )
    return {text: (cosine, by_code) for text, cosine, by_code in found}


def nearest(meaning: Meaning, within: Scope, limit: int, enough: int = 0) -> list[int]:
    """The texts whose vectors are nearest to the query's in its balance, nearest first: of all
    where few are visible, else of those that the HNSW index gives, which goes on until it has found
    enough visible ones. Where it leads to fewer than are `enough` (all, if that is not given), all
    are compared, which takes seconds where a million may be found."""
    found = about_nearest(meaning, within, limit, About.nothing(within), enough or limit)
    return [text for (text,) in found]


def about_nearest(
    meaning: Meaning, within: Scope, limit: int, about: About, enough: int
) -> list[tuple[Any, ...]]:
    """The same texts, each with what is asked about it."""
    if meaning.balance.is_of_whole_vectors:
        return _nearest(meaning, within, limit, about, enough)
    return _nearest_by(meaning.balanced, meaning.given, meaning, within, limit, about)


def nearest_by(
    closeness: str, given: Mapping[str, object], meaning: Meaning, within: Scope, limit: int
) -> list[int]:
    """The texts that are nearest by an expression of their own, of the visible ones where these are
    few, else of those whose whole vectors are nearest."""
    found = _nearest_by(closeness, given, meaning, within, limit, About.nothing(within))
    return [text for (text,) in found]


def _nearest_by(
    closeness: str,
    given: Mapping[str, object],
    meaning: Meaning,
    within: Scope,
    limit: int,
    about: About,
) -> list[tuple[Any, ...]]:
    candidates = within.holds("own.text_id")
    given = {**given, **within.given}
    if not within.is_small:
        candidates = "own.text_id = ANY(%(texts)s)"
        wider = _nearest(meaning, within, WIDER * limit, About.nothing(within), limit)
        given["texts"] = sql.array(text for (text,) in wider)
    order = f"coalesce({closeness}, -1.0) DESC, own.text_id"
    return _compared(f"{meaning.ready} AND {candidates}", order, given, limit, about)


def _nearest(
    meaning: Meaning, within: Scope, limit: int, about: About, enough: int
) -> list[tuple[Any, ...]]:
    if not within.is_small:
        found = _by_index(meaning, limit, about, max(limit, _width(within)))
        if len(found) >= enough:
            return found
    condition = f"{meaning.ready} AND {within.holds('own.text_id')}"
    # Ordered by a sum that no index knows, so that all visible vectors are compared.
    order = f"{meaning.distance} + 0.0"
    return _compared(condition, order, {**meaning.given, **within.given}, limit, about)


def _width(within: Scope) -> int:
    """So many that the width for all texts may be found, where permissions and repositories leave
    out the others, and all that can be had where other filters leave out who knows how many: what
    the width finds need not be looked for in further rounds, so that it hardly costs more."""
    if not within.is_whole:
        return MAX_WIDTH
    for_all = WIDTH * max(1.0, within.of_all / WIDE) ** GROWTH
    return round(for_all * within.of_all / within.texts)


def _by_index(meaning: Meaning, limit: int, about: About, width: int) -> list[tuple[Any, ...]]:
    """What the index orders: sorting would compare all."""
    return sql.rows(
        f"SELECT own.text_id{about.columns} FROM codeindex_embedding AS own {about.joins}"
        f" WHERE {meaning.ready} ORDER BY {meaning.distance} LIMIT {limit}",
        {**meaning.given, **about.given},
        {
            "hnsw.iterative_scan": "relaxed_order",
            "hnsw.ef_search": str(min(width, MAX_WIDTH)),
            "enable_sort": "off",
        },
    )


def _compared(
    condition: str, order: str, given: Mapping[str, object], limit: int, about: About
) -> list[tuple[Any, ...]]:
    """The first by an order for which all are compared that meet a condition."""
    first = (
        "SELECT own.text_id, own.vector, own.structure FROM codeindex_embedding AS own"
        f" WHERE {condition} ORDER BY {order} LIMIT {limit}"
    )
    return sql.rows(
        f"SELECT own.text_id{about.columns} FROM ({first}) AS own {about.joins}",
        {**given, **about.given},
    )

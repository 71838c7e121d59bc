"""Where the next page of a search's results begins. A list is computed anew for each page, down to
where that ends; its order does not depend on how far that is."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, get_type_hints

from codeindex import cursors
from search.ranking.scoring import Signal
from search.results import Compared, Result

MOST = 1_000_000_000
"""Results before a page."""


class Key(NamedTuple):
    """What orders the results, without ids: cursors would tell them."""

    tier: int
    negative_score: float
    path: str
    start_line: int
    end_line: int

    @classmethod
    def of(cls, signal: Signal, score: float) -> Key:
        location = signal.candidate.location
        place = (location.path, location.start_line, location.end_line)
        return cls(signal.candidate.tier, -score, *place)


@dataclass(frozen=True, slots=True)
class Position:
    """How far a list has been shown: so many results, the last of which has this key."""

    shown: int
    last: Key

    def written(self) -> str:
        """As a cursor."""
        return cursors.written([self.shown, *self.last])


@dataclass(frozen=True, slots=True)
class Page:
    """A part of the results, with how many come `before` it, and where the `next` one begins; None
    after the last. `positions`: where it would begin after each of these results. `words` are the
    query's, the rarest first, without stop words. `compared` and `is_complete` are those of an
    `Answer`."""

    results: Sequence[Result]
    before: int
    next: Position | None
    positions: Sequence[Position]
    words: Sequence[str] = ()
    compared: Sequence[Compared] = ()
    is_complete: bool = False


def position(cursor: str) -> Position:
    """Raises `ValueError`."""
    shown, *key = cursors.read(cursor, [int, *get_type_hints(Key).values()])
    if not 0 < shown <= MOST:
        raise ValueError("no number of results")
    return Position(shown, Key(*key))


def start(keys: Sequence[Key], after: Position | None) -> int:
    """Where the page after a position begins in an ordered list, which may have changed since the
    page before."""
    if after is None:
        return 0
    if 0 < after.shown <= len(keys) and keys[after.shown - 1] == after.last:
        return after.shown
    return bisect_right(keys, after.last)

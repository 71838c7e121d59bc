"""The definitions that use another one: those around its references."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from more_itertools import map_reduce

from codeindex.audit import Access
from embeddings.types import UseKind
from search.accesses import note_read
from search.candidates import sql
from search.candidates.scopes import scope_for
from search.references import excerpts
from search.references.finding import Key, Reference, ReferencesRequest, Used, references_of
from search.references.likelihood import Likelihood
from search.results import Place

MOST_LINES = 1_000
"""References of which the definitions around them are looked up, the likeliest first."""


@dataclass(frozen=True, slots=True)
class Caller:
    """What uses a definition: another one at its place, or the code of a file outside of all, which
    has no place. `lines` are those of the uses."""

    reference: Reference
    place: Place | None
    lines: Sequence[int]

    @property
    def likelihood(self) -> Likelihood:
        return self.reference.likelihood


@dataclass(frozen=True, slots=True)
class Callers:
    """A page of the callers of a target, in the order of their first references. `is_cut`: there
    may be more. `next` is where the page after it begins."""

    used: Used
    callers: Sequence[Caller]
    is_cut: bool
    next: Key | None


def find(request: ReferencesRequest) -> Callers:
    """What uses a target, other than by importing it, which the audit notes. Raises
    `SearchTimeout`."""
    with sql.time_limit():
        used = references_of(request.target, scope_for(request.user))
        found = callers_in(used, request.limit, request.after)
    note_read(Access.REFERENCES_READ, request.user, *request.target.place, details="callers")
    return found


def callers_in(used: Used, limit: int = MOST_LINES, after: Key | None = None) -> Callers:
    """What the references of a target stand in."""
    calling = [each for each in used.references if set(each.kinds) != {UseKind.IMPORT}]
    window = calling[_start(calling, after) :]
    own = [
        caller
        for caller in _callers(window[:MOST_LINES])
        if after is None or caller.reference.key > after
    ]
    are_more = len(own) > limit or len(window) > MOST_LINES
    shown = own[:limit]
    following = shown[-1].reference.key if shown and are_more else None
    return Callers(used, shown, used.is_cut or are_more, following)


def _start(calling: Sequence[Reference], after: Key | None) -> int:
    """Where the file of the caller that was shown last begins: a caller has lines between those of
    others, and must not be taken for another one by its second."""
    if after is None:
        return 0
    return bisect_left(calling, (*after[:-1], 0), key=lambda each: each.key)


def _callers(references: Sequence[Reference]) -> Iterable[Caller]:
    around = excerpts.enclosing(references)
    for own in map_reduce(
        references,
        lambda each: (each.likelihood, each.file.id, around[each.file.id, each.line]),
    ).values():
        first = own[0]
        yield Caller(first, around[first.file.id, first.line], [each.line for each in own])

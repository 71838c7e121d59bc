"""The definitions that use another one: those around its references."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser, User
from more_itertools import map_reduce

from codeindex.audit import Access
from embeddings.types import UseKind
from search.accesses import note_read
from search.candidates import sql
from search.candidates.scopes import scope_for
from search.references import excerpts
from search.references.finding import Reference, Used, references_of
from search.references.likelihood import Likelihood
from search.references.targets import Target
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
    """The callers of a target, in the order of their references. `is_cut`: there may be more."""

    used: Used
    callers: Sequence[Caller]
    is_cut: bool


def find(user: User | AnonymousUser, target: Target) -> Callers:
    """What uses a target, other than by importing it, which the audit notes. Raises
    `SearchTimeout`."""
    with sql.time_limit():
        found = callers_in(references_of(target, scope_for(user)))
    note_read(Access.REFERENCES_READ, user, *target.place, details="callers")
    return found


def callers_in(used: Used) -> Callers:
    """What the references of a target stand in."""
    calling = [each for each in used.references if set(each.kinds) != {UseKind.IMPORT}]
    return Callers(
        used, [*_callers(calling[:MOST_LINES])], used.is_cut or len(calling) > MOST_LINES
    )


def _callers(references: Sequence[Reference]) -> Iterable[Caller]:
    around = excerpts.enclosing(references)
    for own in map_reduce(
        references,
        lambda each: (each.likelihood, each.file.id, around[each.file.id, each.line]),
    ).values():
        first = own[0]
        yield Caller(first, around[first.file.id, first.line], [each.line for each in own])

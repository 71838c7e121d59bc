"""The definitions that a definition calls: those that have the names which it calls."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from more_itertools import map_reduce

from codeindex.audit import Access
from codeindex.models import NamesUsed
from embeddings import types
from embeddings.types import Kind, Receiver, Use, UseKind
from search.accesses import note_read
from search.addresses.origins import origins_of
from search.candidates import sql
from search.candidates.scopes import Scope, scope_for
from search.places import PLACE_COLUMNS
from search.references.likelihood import Likelihood
from search.references.targets import Target, uses_by_name
from search.results import Place

MOST_NAMES = 200
"""Names on a page of what a definition calls, in the order of their first calls."""

Call = tuple[int, str]
"""What callees are ordered by: the line of the first call, and the name that is called."""

MOST_NAMESAKES = 20
"""Definitions of each name that are compared."""

CALLABLE = (
    Kind.FUNCTION, Kind.METHOD, Kind.CLASS, Kind.INTERFACE, Kind.TRAIT, Kind.ENUM, Kind.TYPE,
    Kind.MACRO, Kind.PROPERTY, Kind.CONSTANT,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Callee:
    """What a definition may call: the likeliest definition of a name, and on which lines. So many
    `definitions` of the name were compared, at most MOST_NAMESAKES."""

    place: Place
    lines: Sequence[int]
    likelihood: Likelihood
    definitions: int


@dataclass(frozen=True, slots=True)
class Callees:
    """A page of what a target calls, in the order of the first calls. `next` is where the page
    after it begins, if the target calls more names."""

    target: Target
    callees: Sequence[Callee]
    next: Call | None


@dataclass(frozen=True, slots=True)
class CalleesRequest:
    """What is asked of a definition's callees: those of as many names as `limit`, `after` a call.
    Whoever makes one has checked that `user` may see the target."""

    user: User | AnonymousUser
    target: Target
    limit: int = MOST_NAMES
    after: Call | None = None


def find(request: CalleesRequest) -> Callees:
    """What a target calls, which the audit notes. Raises `SearchTimeout`."""
    found = callees_of(request)
    note_read(Access.REFERENCES_READ, request.user, *request.target.place, details="callees")
    return found


@sql.time_limit()
def callees_of(request: CalleesRequest) -> Callees:
    """What a target calls, as far as the user may see it. Raises `SearchTimeout`."""
    target = request.target
    used = NamesUsed.objects.filter(blob=target.file.blob_id).first()
    if used is None:
        return Callees(target, [], None)
    names = uses_by_name(types.NamesUsed(used.names, used.ends, used.uses))
    calls = _calls(target, names)
    firsts = [(calls[name][0].line, name) for name in calls]
    start = bisect_right(firsts, request.after) if request.after else 0
    page = firsts[start : start + request.limit]
    places = _places([name for _, name in page], [*names], target, scope_for(request.user))
    found = [
        _callee(target, own, calls[name], names)
        for _, name in page
        if (own := [each for each in places.get(name, ()) if _is_another(each, target)])
    ]
    following = page[-1] if start + len(page) < len(firsts) else None
    return Callees(target, found, following)


def _calls(target: Target, names: Mapping[str, Sequence[Use]]) -> dict[str, list[Use]]:
    """The names that the target calls, with their calls, in the order of the first ones."""
    calls = {
        name: [use for use in uses if use.kind == UseKind.CALL and target.holds(use.line)]
        for name, uses in names.items()
    }
    called = [(uses[0].line, name) for name, uses in calls.items() if uses]
    return {name: calls[name] for _, name in sorted(called)}


def _is_another(place: Place, target: Target) -> bool:
    return (place.file_id, place.definition_id) != (target.file.pk, target.definition.pk)


def _places(
    names: Sequence[str], used: Sequence[str], target: Target, scope: Scope
) -> dict[str, list[Place]]:
    """name → the places of its definitions: those in the target's repository; or else elsewhere,
    where their class, module or repository is one of the names that the target's file uses."""
    parameters = {
        **scope.parameters,
        "repository": target.repository,
        "callable": list(CALLABLE),
        "known": list(used),
    }

    def rows(statement: str, wanted: Sequence[str]) -> list[tuple[Any, ...]]:
        filled = statement.format(gate=scope.condition)
        return sql.rows(filled, {**parameters, "names": list(wanted)}) if wanted else []

    near = rows(NEAR, names)
    known = {name for _, name, *_ in near}
    far = rows(FAR, [name for name in names if name not in known])
    origins = origins_of(branch for _, _, branch, *_ in [*near, *far])
    return {
        name: [Place(origins[branch], *place) for _, _, branch, *place in own if branch in origins]
        for name, own in map_reduce([*near, *far], lambda row: row[1]).items()
    }


def _callee(
    target: Target, places: Sequence[Place], calls: Sequence[Use], names: Iterable[str]
) -> Callee:
    known = frozenset(names)

    def unlikeliness(place: Place) -> tuple[object, ...]:
        owner = place.name.rpartition(".")[0].rpartition(".")[2]
        is_own = bool(owner) and owner == target.owner and place.file_id == target.file.pk
        of_itself = any(call.receiver == Receiver.ITSELF for call in calls)
        reached = owner in known or place.path.rpartition("/")[2].partition(".")[0] in known
        is_here = place.file_id == target.file.pk
        return not (of_itself and is_own), not is_here, not reached, len(place.path), place.path

    best = min(places, key=unlikeliness)
    return Callee(
        best, sorted({call.line for call in calls}), _likelihood(best, target), len(places)
    )


def _likelihood(place: Place, target: Target) -> Likelihood:
    if place.file_id == target.file.pk:
        return Likelihood.SAME_FILE
    is_near = place.repository_id == target.repository
    return Likelihood.SAME_REPOSITORY if is_near else Likelihood.OTHER_REPOSITORY


_FILES = """
JOIN codeindex_sourcefile AS file ON file.blob_id = definition.blob_id
JOIN codeindex_branch AS branch ON branch.id = file.branch_id
JOIN codeindex_repository AS repository ON repository.id = branch.repository_id
"""

NEAR = f"""
WITH near AS MATERIALIZED (
    SELECT file.id FROM codeindex_sourcefile AS file
    JOIN codeindex_branch AS branch ON branch.id = file.branch_id
    WHERE branch.repository_id = %(repository)s AND {{gate}}
), ordered AS (
    SELECT row_number() OVER (PARTITION BY definition.name ORDER BY length(file.path), file.path,
                              definition.start_line) AS number,
           definition.name AS called, {PLACE_COLUMNS}
    FROM codeindex_definition AS definition {_FILES}
    WHERE file.id IN (SELECT id FROM near) AND definition.name = ANY(%(names)s)
      AND definition.kind = ANY(%(callable)s)
)
SELECT * FROM ordered WHERE number <= {MOST_NAMESAKES}
"""
FAR = f"""
SELECT 1, wanted.called, place.*
FROM unnest(%(names)s::text[]) AS wanted (called)
CROSS JOIN LATERAL (
    SELECT {PLACE_COLUMNS}
    FROM codeindex_definition AS definition {_FILES}
    WHERE definition.name = wanted.called AND definition.kind = ANY(%(callable)s) AND {{gate}}
      AND (split_part(definition.qualified_name, '.', -2) = ANY(%(known)s)
           OR substring(file.path FROM '([^/.]+)[^/]*$') = ANY(%(known)s)
           OR repository.name = ANY(%(known)s))
    ORDER BY length(file.path), file.path, definition.start_line, repository.name, file.id
    LIMIT {MOST_NAMESAKES}
) AS place
"""

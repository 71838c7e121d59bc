"""Where a text is found: the visible places of ranked texts, looked up for these alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.contrib.auth.models import AnonymousUser, User
from django.shortcuts import get_object_or_404

from codeindex.models import Definition, SourceFile
from search.candidates import path_rules, sql
from search.candidates.path_rules import Rule
from search.candidates.scopes import ROWS, Scope
from search.query import symbols
from search.results import Place

PLACES = 20
"""Places that are named of one text beside the foremost. What lies at more is boilerplate, mostly
empty modules."""

COLUMNS = """
repository.name, repository.id AS repository_id, branch.name AS branch, file.path,
file.id AS file_id, definition.id AS definition_id, definition.kind, definition.qualified_name,
definition.start_line, definition.end_line
"""
"""As `Place` has them."""


class Spot(NamedTuple):
    """A place, as far as it takes to rank: a file by its id and path, and of a definition in it its
    lines and its dotted name."""

    file: int
    path: str
    start_line: int
    end_line: int
    name: str = ""


@dataclass(frozen=True, slots=True)
class Ordering:
    """How the places of a text are ordered, in SQL, and the parameters of that."""

    by: str
    given: Mapping[str, object]


def by(symbol: Sequence[str] = (), rules: Sequence[Rule] = ()) -> Ordering:
    """The foremost place first: one whose name is `symbol`, then one that no rule puts lower, then
    the shortest path."""
    parts, given = [], dict[str, object]()
    if symbol:
        called, given = symbols.condition(symbol)
        parts.append(f"{called} DESC")
    if rules:
        # Only where there are several: the pattern takes longer than all else that is asked.
        parts.append("CASE WHEN count(*) OVER () > 1 THEN file.path ~ %(aside)s END")
        given = {**given, "aside": path_rules.pattern(rules)}
    parts += ["length(file.path)", "file.path", "definition.start_line", "file.id"]
    return Ordering(", ".join(parts), given)


def foremost(text: str, within: Scope, order: Ordering) -> str:
    """Selects the first of the places of the text that an expression says, as a Spot; nothing
    where there is none."""
    return (
        "SELECT file.id AS file, file.path, definition.start_line, definition.end_line,"
        " definition.qualified_name"
        f" FROM {ROWS} WHERE definition.text_id = {text} AND {within.condition}"
        f" ORDER BY {order.by} LIMIT 1"
    )


def of(
    texts: Iterable[int], within: Scope, order: Ordering | None = None
) -> dict[int, list[Place]]:
    """text → its places, the foremost first, those with the shortest path if there is no order;
    PLACES + 2 at most, so that it is seen whether there are more than are named. A text without a
    place there is left out."""
    order = order or by()
    found = sql.rows(
        "SELECT wanted.id, place.* FROM unnest(%(texts)s::bigint[]) AS wanted (id)"
        " CROSS JOIN LATERAL ("
        f" SELECT {COLUMNS} FROM {ROWS}"
        " JOIN codeindex_branch AS branch ON branch.id = file.branch_id"
        " JOIN codeindex_repository AS repository ON repository.id = branch.repository_id"
        f" WHERE definition.text_id = wanted.id AND {within.condition}"
        f" ORDER BY {order.by} LIMIT {PLACES + 2}"
        ") AS place",
        {**within.given, **order.given, "texts": sql.array(texts)},
    )
    places: dict[int, list[Place]] = {}
    for text, *place in found:
        places.setdefault(text, []).append(Place(*place))
    return places


def visible(
    user: User | AnonymousUser, file_id: int, definition_id: int
) -> tuple[SourceFile, Definition]:
    """A file that `user` may see, and a definition in it. Raises `Http404`."""
    files = SourceFile.objects.visible_to(user).live().select_related("branch__repository")
    file = get_object_or_404(files, pk=file_id)
    definitions = Definition.objects.select_related("text")
    return file, get_object_or_404(definitions, pk=definition_id, blob=file.blob_id)


def at(file: SourceFile, definition: Definition) -> Place:
    """The place of a definition in a file that holds it."""
    return Place(
        repository=file.branch.repository.name,
        repository_id=file.branch.repository_id,
        branch=file.branch.name,
        path=file.path,
        file_id=file.pk,
        definition_id=definition.pk,
        kind=definition.kind,
        name=definition.qualified_name,
        start_line=definition.start_line,
        end_line=definition.end_line,
    )

"""The places of texts: in which visible files their definitions are, the foremost place first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.contrib.auth.models import AnonymousUser, User
from django.shortcuts import get_object_or_404
from django.urls import reverse

from codeindex.models import Definition, SourceFile
from search.addresses.origins import WITH_ORIGIN, origin_of, origins_of
from search.candidates import path_rules, sql
from search.candidates.path_rules import Rule
from search.candidates.scopes import ROWS, Scope
from search.query import symbols
from search.query.names import Name
from search.results import Place

MAX_OTHER_PLACES = 20
"""Places of a text that are listed beside the foremost. Texts with more are boilerplate, mostly
empty modules."""

PLACE_COLUMNS = """
file.branch_id, file.path, file.id AS file_id, definition.id AS definition_id, definition.kind,
definition.qualified_name, definition.start_line, definition.end_line
"""
"""In the order of the fields of `Place`, with the branch for the origin."""


class Location(NamedTuple):
    """A place, as far as the ranking needs it: the ids of the branch and the file, the file's path,
    and the lines, the kind and the qualified name of a definition in it."""

    branch: int
    file: int
    path: str
    start_line: int
    end_line: int
    kind: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class PlaceOrder:
    """The order of a text's places as the terms of an ORDER BY, with their parameters."""

    terms: str
    parameters: Mapping[str, object]


def place_order(names: Sequence[Name] = (), rules: Sequence[Rule] = ()) -> PlaceOrder:
    """The foremost place first: the one that fits the `names` best, then one that no rule ranks
    lower, then the one with the shortest path."""
    terms, parameters = list[str](), dict[str, object]()
    if names:
        fits = [symbols.fit(name, f"place_{number}") for number, name in enumerate(names)]
        terms.append(f"{' + '.join(fit.degree for fit in fits)} DESC")
        parameters = {key: value for fit in fits for key, value in fit.parameters.items()}
    if rules:
        # Only where there are several places: the pattern takes longer than all the rest.
        terms.append("CASE WHEN count(*) OVER () > 1 THEN file.path ~ %(lower)s END")
        parameters = {**parameters, "lower": path_rules.combined_pattern(rules)}
    terms += ["length(file.path)", "file.path", "definition.start_line", "file.id"]
    return PlaceOrder(", ".join(terms), parameters)


def foremost_location(text: str, scope: Scope, order: PlaceOrder) -> str:
    """The statement that selects the first Location of a text, whose id is given as an SQL
    expression, and no row if the scope has none."""
    return (
        "SELECT file.branch_id AS branch, file.id AS file, file.path, definition.start_line,"
        " definition.end_line, definition.kind, definition.qualified_name"
        f" FROM {ROWS} WHERE definition.text_id = {text} AND {scope.condition}"
        f" ORDER BY {order.terms} LIMIT 1"
    )


def depths(locations: Sequence[Location]) -> dict[int, int]:
    """file → how many folders deeper it is than the foremost of its branch."""
    folders = {each.file: (each.branch, each.path.count("/")) for each in locations}
    foremost: dict[int, int] = {}
    for branch, depth in folders.values():
        foremost[branch] = min(depth, foremost.get(branch, depth))
    return {file: depth - foremost[branch] for file, (branch, depth) in folders.items()}


def places_of_texts(
    texts: Iterable[int], scope: Scope, order: PlaceOrder | None = None
) -> dict[int, list[Place]]:
    """text → its places in scope, the foremost first; by default that with the shortest path. At
    most MAX_OTHER_PLACES + 2, which shows whether there are more than are listed. Texts without a
    place are left out."""
    order = order or place_order()
    selected = sql.rows(
        "SELECT wanted.id, place.* FROM unnest(%(texts)s::bigint[]) AS wanted (id)"
        " CROSS JOIN LATERAL ("
        f" SELECT {PLACE_COLUMNS} FROM {ROWS}"
        f" WHERE definition.text_id = wanted.id AND {scope.condition}"
        f" ORDER BY {order.terms} LIMIT {MAX_OTHER_PLACES + 2}"
        ") AS place",
        {**scope.parameters, **order.parameters, "texts": sql.array_literal(texts)},
    )
    origins = origins_of(branch for _, branch, *_ in selected)
    places: dict[int, list[Place]] = {}
    for text, branch, *place in selected:
        if origin := origins.get(branch):  # it may have been removed a moment ago
            places.setdefault(text, []).append(Place(origin, *place))
    return places


def visible_definition(
    user: User | AnonymousUser, file_id: int, definition_id: int
) -> tuple[SourceFile, Definition]:
    """A file that `user` may see, and a definition in it. Raises `Http404`."""
    files = SourceFile.objects.visible_to(user).live().select_related(*WITH_ORIGIN)
    file = get_object_or_404(files, pk=file_id)
    definitions = Definition.objects.select_related("text")
    return file, get_object_or_404(definitions, pk=definition_id, blob=file.blob_id)


def file_url(file: int) -> str:
    """A file's page here, until the file changes."""
    return reverse("file", args=[file])


def place_in_file(file: SourceFile, definition: Definition) -> Place:
    return Place(
        origin=origin_of(file.branch),
        path=file.path,
        file_id=file.pk,
        definition_id=definition.pk,
        kind=definition.kind,
        name=definition.qualified_name,
        start_line=definition.start_line,
        end_line=definition.end_line,
    )

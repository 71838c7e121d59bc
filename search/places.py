"""Where a text is found: the visible places of ranked texts, looked up for these alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser, User
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import JSONObject, Length
from django.shortcuts import get_object_or_404

from codeindex.models import Definition, SourceFile, Text
from search import manners, symbols
from search.manners import Rule
from search.results import Place

PLACES = 20
"""Places that are named of one text beside the foremost. What lies at more is boilerplate, mostly
empty modules."""

FIELDS = {
    "repository": F("branch__repository__name"),
    "repository_id": F("branch__repository_id"),
    "branch": F("branch__name"),
    "path": F("path"),
    "file_id": F("pk"),
    "definition_id": F("blob__definitions__pk"),
    "kind": F("blob__definitions__kind"),
    "name": F("blob__definitions__qualified_name"),
    "start_line": F("blob__definitions__start_line"),
    "end_line": F("blob__definitions__end_line"),
}


SPOT = {
    "file": F("pk"),
    "path": F("path"),
    "start_line": F("blob__definitions__start_line"),
    "end_line": F("blob__definitions__end_line"),
}


@dataclass(frozen=True, slots=True)
class Spot:
    """A place, as far as it takes to rank: a file by its id and path, and lines of it."""

    file: int
    path: str
    start_line: int
    end_line: int


def of(
    texts: Iterable[int],
    files: QuerySet[SourceFile],
    symbol: Sequence[str] = (),
    rules: Sequence[Rule] = (),
) -> dict[int, list[Place]]:
    """text → its places among `files`, the foremost first: one whose name is `symbol`, then one
    that no rule puts lower, then the shortest path; PLACES + 2 at most, so that it is seen whether
    there are more than are named. A text without a place there is left out."""
    there = _there(files, symbol, rules).values(place=JSONObject(**FIELDS))[: PLACES + 2]
    found = Text.objects.filter(pk__in=list(texts)).values_list("pk", ArraySubquery(there))
    return {text: [Place(**row) for row in rows] for text, rows in found if rows}


def foremost(
    texts: Iterable[int],
    files: QuerySet[SourceFile],
    symbol: Sequence[str] = (),
    rules: Sequence[Rule] = (),
) -> dict[int, Spot]:
    """text → the first of its places; a text without a place there is left out."""
    first = _there(files, symbol, rules).values(spot=JSONObject(**SPOT))[:1]
    found = Text.objects.filter(pk__in=list(texts)).values_list("pk", Subquery(first))
    return {text: Spot(**spot) for text, spot in found if spot}


def _there(
    files: QuerySet[SourceFile], symbol: Sequence[str], rules: Sequence[Rule]
) -> QuerySet[SourceFile]:
    """The places of a text of an outer query, the foremost first."""
    return files.filter(blob__definitions__text=OuterRef("pk")).order_by(
        _is_not(symbol),
        _is_aside(rules),
        Length("path"),
        "path",
        "blob__definitions__start_line",
        "pk",
    )


def visible(
    user: User | AnonymousUser, file_id: int, definition_id: int
) -> tuple[SourceFile, Definition]:
    """A file that `user` may see, and a definition in it. Raises `Http404`."""
    files = SourceFile.objects.visible_to(user).select_related("branch__repository")
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


def _is_not(symbol: Sequence[str]) -> Case | Value:
    """0 for what is called `symbol`, else 1."""
    if not symbol:
        return Value(0)
    name = "blob__definitions__qualified_name"
    whole, end = symbols.enclosed(symbol)
    called = Q(**{name: whole}) | Q(**{f"{name}__endswith": end})
    for reading in symbols.in_modules(symbol):
        called |= Q(**{name: reading.name, "path__regex": reading.module})
    return Case(When(called, then=0), default=1)


def _is_aside(rules: Sequence[Rule]) -> Case | Value:
    """1 for a path that the rules put lower, else 0."""
    if not rules:
        return Value(0)
    return Case(When(path__regex=manners.pattern(rules), then=1), default=0)

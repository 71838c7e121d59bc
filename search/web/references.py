"""The page of a definition's references, callers and callees."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from codeindex import cursors
from codeindex.accounts.limits import throttles
from codeindex.audit import Access
from search import places
from search.accesses import note_read
from search.candidates import sql
from search.candidates.scopes import scope_for
from search.candidates.sql import SearchTimeout
from search.query.filters import BadQuery
from search.references import callees, callers, finding
from search.references.callees import CalleesRequest
from search.references.excerpts import Excerpt
from search.references.finding import ReferencesRequest, Used
from search.references.likelihood import ORDER, Likelihood
from search.references.requests import parse_references
from search.references.targets import target_in
from search.references.users import UsingFile
from search.web.files import follows_moves
from search.web.highlighting import listing

MOST_LISTED = 50
"""Callers and callees on the page."""

LABELS = {
    Likelihood.SAME_FILE: "In the same file",
    Likelihood.NEAR: "In files that import it, name its class or module, or lie beside it",
    Likelihood.SAME_REPOSITORY: "By name: elsewhere in this repository",
    Likelihood.OTHER_REPOSITORY: "By name: in other repositories that name its class or module",
    Likelihood.UNLIKELY: "By name: probably another definition of this name",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A line that uses a name: as HTML, with the name marked."""

    excerpt: Excerpt
    html: SafeString


@dataclass(frozen=True, slots=True)
class FileLines:
    """The lines of a file that use a name."""

    file: UsingFile
    lines: Sequence[Line]


@dataclass(frozen=True, slots=True)
class Section:
    """The references of one likelihood on this page, by file; `count` is that of all pages."""

    label: str
    count: int
    files: Sequence[FileLines]


@require_safe
@follows_moves
@throttles.limited(throttles.SEARCH)
def references(request: HttpRequest, file_id: int, definition_id: int) -> HttpResponse:
    """Where a definition is used, what calls it and what it calls. The page of the definition
    loads the part of this page that shows it."""
    file, row = places.visible_definition(request.user, file_id, definition_id)
    context: dict[str, object] = {"place": places.place_in_file(file, row)}
    try:
        asked = parse_references(request.user, target_in(file, row), dict(request.GET.lists()))
        context |= _found(asked)
    except BadQuery as error:
        return render(request, "search/references.html", context | {"error": error}, status=400)
    except SearchTimeout as error:
        return render(request, "search/references.html", context | {"error": error}, status=503)
    note_read(Access.REFERENCES_READ, request.user, file, row)
    return render(request, "search/references.html", context)


@sql.time_limit()
def _found(asked: ReferencesRequest) -> dict[str, object]:
    used = finding.references_of(asked.target, scope_for(asked.user))
    page = finding.page(used, asked)
    calling = callers.callers_in(used)
    called = callees.callees_of(CalleesRequest(asked.user, asked.target))
    return {
        "used": used,
        "sections": [*_sections(used, page.excerpts)],
        "next": cursors.written(page.next) if page.next else "",
        "callers": calling.callers[:MOST_LISTED],
        "more_callers": max(0, len(calling.callers) - MOST_LISTED),
        "callees": called.callees[:MOST_LISTED],
        "more_callees": max(0, len(called.callees) - MOST_LISTED),
    }


def _sections(used: Used, excerpts: Sequence[Excerpt]) -> Iterable[Section]:
    counts = used.counts
    for likelihood in ORDER:
        own = [each for each in excerpts if each.reference.likelihood == likelihood]
        if own:
            yield Section(LABELS[likelihood], counts[likelihood], [*_by_file(own, used)])


def _by_file(excerpts: Sequence[Excerpt], used: Used) -> Iterable[FileLines]:
    for _, group in groupby(excerpts, key=lambda each: each.reference.file.id):
        own = list(group)
        yield FileLines(own[0].reference.file, [_line(each, used.target.name) for each in own])


def _line(excerpt: Excerpt, name: str) -> Line:
    reference = excerpt.reference
    shown = listing([excerpt.text], reference.file.language, marked={name.lower()})
    return Line(excerpt, shown.html)

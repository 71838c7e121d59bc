"""The page of the search for lines."""

from __future__ import annotations

import time

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from codeindex.accounts.limits import throttles
from search.candidates.branches import UnknownRepository
from search.candidates.sql import SearchTimeout
from search.lines import finding
from search.lines.request import Position, parse_lines
from search.query.filters import BadQuery
from search.web.form import form_context, parameters


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """The form alone, or the lines that match `q`."""
    if request.GET.get("q", "").strip():
        return _results(request)
    return render(request, "search/lines.html", form_context(request, for_lines=True))


@throttles.limited(throttles.SEARCH)
def _results(request: HttpRequest) -> HttpResponse:
    form = form_context(request, for_lines=True)
    started = time.perf_counter()
    try:
        answer = finding.find(parse_lines(request.user, parameters(request)))
    except BadQuery as error:
        return render(request, "search/lines.html", {**form, "error": error}, status=400)
    except UnknownRepository as error:
        return render(request, "search/lines.html", {**form, "error": error}, status=404)
    except SearchTimeout as error:
        return render(request, "search/lines.html", {**form, "error": error}, status=503)
    milliseconds = round(1000 * (time.perf_counter() - started))
    further = _further(request, answer.next) if answer.next else ""
    context = {"answer": answer, "milliseconds": milliseconds, "further": further}
    return render(request, "search/lines.html", form | context)


def _further(request: HttpRequest, after: Position) -> str:
    """The query string that asks for the files after a position."""
    asked = request.GET.copy()
    asked["after"] = after.written()
    return asked.urlencode()

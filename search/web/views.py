"""The pages of the search: form, results, definition, explanation, similar code."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from codeindex.accounts.limits import throttles
from codeindex.audit import Access
from codeindex.quality import names
from codeindex.searches import recent, saved
from embeddings.code import languages
from embeddings.code.words import analyse
from search import definitions, engine, explanations, places, similar
from search.accesses import note_read
from search.candidates.branches import UnknownRepository
from search.candidates.sql import SearchTimeout
from search.commits import last_change
from search.lines.request import is_regex
from search.query import lexemes, parsing
from search.query.filters import BadQuery
from search.request import (
    DEFAULT_LANGUAGE,
    DEFAULT_RESULTS,
    MAX_RESULTS,
    Likeness,
    Parameters,
    SimilarRequest,
    parse_search,
    parse_similar,
    parse_similar_to_code,
)
from search.results import Answer, FoundDefinition
from search.web.facets import facet_links
from search.web.files import follows_moves
from search.web.form import (
    PAGE_GROUP,
    asks_for_something,
    first_page,
    form_context,
    parameters,
    shared_parameters,
)
from search.web.highlighting import excerpt, listing

SHOWN_RECENT = 5
"""Recent searches below the box of the start page."""

FURTHER = 40
"""Results of each page after the first."""

STEPS = (DEFAULT_RESULTS, 50, MAX_RESULTS)
"""How much similar code is shown at first, and after asking for more."""


LIKENESSES = {
    Likeness.BOTH.value: "as a whole",
    Likeness.MEANING.value: "in meaning",
    Likeness.STRUCTURE.value: "in structure",
}


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """The form alone, or the results for `q`. A regular expression is searched for in lines."""
    if is_regex(request.GET.get("q", "")):
        return redirect(f"{reverse('lines')}?{shared_parameters(request)}")
    if asks_for_something(request):
        return _results(request)
    own = {"recent": recent.latest(request.user, SHOWN_RECENT), "saved": saved.of(request.user)}
    return render(request, "search/home.html", form_context(request) | own)


@throttles.limited(throttles.SEARCH)
def _results(request: HttpRequest) -> HttpResponse:
    form = form_context(request)
    started = time.perf_counter()
    try:
        parsed = parse_search(request.user, {"group": [PAGE_GROUP], **parameters(request)})
        answer = engine.find(parsed)
    except BadQuery as error:
        return render(request, "search/results.html", {**form, "error": error}, status=400)
    except UnknownRepository as error:
        return render(request, "search/results.html", {**form, "error": error}, status=404)
    except SearchTimeout as error:
        return render(request, "search/results.html", {**form, "error": error}, status=503)
    context = {
        "milliseconds": round(1000 * (time.perf_counter() - started)),
        "more": _further(request, answer),
        "why": _scoring_parameters(request),
        "similar": urlencode({"code": answer.query}) if "\n" in answer.query else "",
        "facets": facet_links(answer, request.GET) if not answer.before else [],
        "asked": first_page(request.GET).urlencode(),
        "can_mail": saved.mail_is_set_up(),
        **_listed(answer),
    }
    if parsed.after is None:
        recent.note(request.user, context["asked"], _in_words(form))
    return render(request, "search/results.html", form | context)


@require_safe
@follows_moves
def definition(request: HttpRequest, file_id: int, definition_id: int) -> HttpResponse:
    """A definition at one of its places, in which the words of `q` stand out."""
    file, row = places.visible_definition(request.user, file_id, definition_id)
    whole = definitions.whole(request.user, file, row)
    shown = whole.found
    words = _words(request.GET.get("q", ""))
    marked = lexemes.matching_words(words, analyse("\n".join(shown.lines)))
    note_read(Access.DEFINITION_READ, request.user, file, row)
    return render(
        request,
        "search/definition.html",
        {
            "definition": shown,
            "docstring": _docstring_beside(shown),
            "last_change": last_change(file, row),
            "name_disagrees": names.is_doubtful(file, row),
            "listing": listing(
                shown.lines, shown.language, first=shown.place.start_line, marked=marked
            ),
            "unread": whole.unread,
        },
    )


def _docstring_beside(shown: FoundDefinition) -> str:
    """The docstring, unless the source has it: that of a file's module may stand elsewhere."""
    first = next(iter(shown.docstring.strip().split("\n")), "")
    return "" if any(first in line for line in shown.lines) else shown.docstring


@require_safe
@follows_moves
@throttles.limited(throttles.ENCODE)
def why(request: HttpRequest, file_id: int, definition_id: int) -> HttpResponse:
    """What the score of a definition comes from in the search that the parameters ask for, and what
    its vector is made of."""
    file, row = places.visible_definition(request.user, file_id, definition_id)
    context: dict[str, Any] = {"place": places.place_in_file(file, row), "nav": "search"}
    typed = request.GET.get("q", "").strip()
    text = ""
    try:
        if typed:
            asked = parse_search(request.user, parameters(request))
            text = asked.query.text
            context |= {"query": typed, "found": explanations.explain_score(asked, row)}
    except BadQuery as error:
        return render(request, "search/why.html", context | {"error": error}, status=400)
    except UnknownRepository as error:
        return render(request, "search/why.html", context | {"error": error}, status=404)
    except SearchTimeout as error:
        return render(request, "search/why.html", context | {"error": error}, status=503)
    context["explanation"] = explanations.explain(row, text)
    note_read(Access.VECTOR_READ, request.user, file, row)
    return render(request, "search/why.html", context)


@require_safe
@follows_moves
@throttles.limited(throttles.SEARCH)
def similar_to(request: HttpRequest, file_id: int, definition_id: int) -> HttpResponse:
    """The code that is most similar to a definition."""
    file, row = places.visible_definition(request.user, file_id, definition_id)
    return _similar(
        request,
        {"place": places.place_in_file(file, row)},
        lambda parameters: parse_similar(request.user, row, parameters),
    )


@require_safe
def similar_to_code(request: HttpRequest) -> HttpResponse:
    """A form for code, or the code that is most similar to it."""
    context = {
        "code": request.GET.get("code", ""),
        "lang": request.GET.get("lang", DEFAULT_LANGUAGE),
        "languages": [known.name for known in languages.LANGUAGES],
        "max_characters": parsing.MAX_CHARACTERS,
    }
    if "code" not in request.GET:
        return render(request, "search/similar.html", context)
    return _similar_to_code(request, context)


@throttles.limited(throttles.ENCODE)
def _similar_to_code(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    return _similar(
        request, context, lambda parameters: parse_similar_to_code(request.user, parameters)
    )


def _similar(
    request: HttpRequest, context: dict[str, Any], parse: Callable[[Parameters], SimilarRequest]
) -> HttpResponse:
    context |= {"by": request.GET.get("by", Likeness.BOTH.value), "likenesses": LIKENESSES}
    try:
        parsed = parse(parameters(request))
        answer = similar.find(parsed)
    except BadQuery as error:
        return render(request, "search/similar.html", context | {"error": error}, status=400)
    except UnknownRepository as error:
        return render(request, "search/similar.html", context | {"error": error}, status=404)
    except SearchTimeout as error:
        return render(request, "search/similar.html", context | {"error": error}, status=503)
    context |= {"more": _more(request, answer, parsed.limit), **_listed(answer)}
    return render(request, "search/similar.html", context)


def _listed(answer: Answer) -> dict[str, Any]:
    shown = "\n".join(line.text for result in answer.results for line in result.lines)
    marked = lexemes.matching_words(answer.words, analyse(shown))
    return {
        "answer": answer,
        "until": answer.before + len(answer.results),
        "listed": [
            (
                result,
                excerpt(
                    result.definition.lines,
                    result.definition.language,
                    result.shown,
                    first=result.definition.place.start_line,
                    marked=marked,
                ),
            )
            for result in answer.results
        ],
    }


def _words(text: str) -> tuple[str, ...]:
    """The words of a query; none if it is not one."""
    try:
        return parsing.parse_query(text).words
    except BadQuery:
        return ()


def _in_words(form: Mapping[str, Any]) -> str:
    """A query with the filters beside it, as they would be typed."""
    return " ".join([form["text"].strip(), *(each.typed for each in form["filters"])]).strip()


def _further(request: HttpRequest, answer: Answer) -> str:
    """The query string that asks for the results after these; empty if there are none."""
    if not answer.next:
        return ""
    parameters = request.GET.copy()
    parameters["cursor"], parameters["limit"] = answer.next, str(FURTHER)
    return parameters.urlencode()


def _more(request: HttpRequest, answer: Answer, limit: int) -> str:
    """The query string that asks for a longer list; empty if there is none."""
    larger = [step for step in STEPS if step > limit]
    if len(answer.results) < limit or not larger:
        return ""
    parameters = request.GET.copy()
    parameters["limit"] = str(larger[0])
    return parameters.urlencode()


def _scoring_parameters(request: HttpRequest) -> str:
    """The query string of all that scores depend on."""
    scoring = first_page(request.GET)
    scoring.pop("group", None)
    return scoring.urlencode()

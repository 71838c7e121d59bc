"""The pages of searching: the box, the answer, a definition, a file."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from codeindex.accounts import throttles
from codeindex.models import SourceFile
from embeddings.code import languages
from search import details, engine, explanations, places, similar
from search.candidates import scopes
from search.candidates.path_rules import Order
from search.candidates.scopes import UnknownRepository
from search.candidates.sql import TookTooLong
from search.explanations import Reasons
from search.query import lexemes, parsing
from search.query.parsing import BadQuery
from search.results import Answer, Group
from search.similar import Likeness
from search.web import choices
from search.web.highlighting import cut, listing

SNIPPET_LINES = 12
SNIPPET_WIDTH = 1_000
"""Characters of a line: a minified file's would fill the page."""

STEPS = (parsing.DEFAULT_RESULTS, 50, parsing.MAX_RESULTS)
"""How many results are shown at first, and after asking for more."""


BALANCES = {
    "even": "Words, meaning and structure",
    "words": "Words above all",
    "meaning": "Meaning above all",
    "structure": "Structure above all",
}

LIKENESSES = {
    Likeness.BOTH.value: "as a whole",
    Likeness.MEANING.value: "in meaning",
    Likeness.STRUCTURE.value: "in structure",
}


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """The box alone, or the answer to `q`."""
    if "q" in request.GET:
        return _found(request)
    return render(request, "search/home.html", _box(request))


@throttles.limited(throttles.SEARCH)
def _found(request: HttpRequest) -> HttpResponse:
    box = _box(request)
    began = time.perf_counter()
    try:
        limit = parsing.checked_limit(request.GET.get("limit", STEPS[0]))
        answer = engine.find(
            request.user,
            box["text"],
            repository=box["repository"],
            limit=limit,
            order=box["order"],
            group=box["group"],
            balance=box["balance"],
        )
    except BadQuery as error:
        return render(request, "search/results.html", {**box, "error": error}, status=400)
    except UnknownRepository as error:
        return render(request, "search/results.html", {**box, "error": error}, status=404)
    except TookTooLong as error:
        return render(request, "search/results.html", {**box, "error": error}, status=503)
    milliseconds = round(1000 * (time.perf_counter() - began))
    shown = {"milliseconds": milliseconds, "more": _more(request, answer, limit), **_listed(answer)}
    return render(request, "search/results.html", box | shown)


@require_safe
def definition(request: HttpRequest, file_id: int, definition_id: int) -> HttpResponse:
    """A definition at one of its places."""
    file, row = places.visible(request.user, file_id, definition_id)
    here = places.at(file, row)
    elsewhere = places.of([row.text_id], scopes.of(request.user)).get(row.text_id, [])
    others = [place for place in elsewhere if place.url != here.url]
    found = details.of({row.text_id: [here, *others]})[row.text_id]
    shown = listing(found.lines, found.language, first=here.start_line)
    return render(
        request,
        "search/definition.html",
        {"found": found, "listing": shown, "unread": details.unread(row.text_id)},
    )


@require_safe
@throttles.limited(throttles.ENCODE)
def why(request: HttpRequest, file_id: int, definition_id: int) -> HttpResponse:
    """What a definition's vector is made of, and why it is similar to `q`."""
    file, row = places.visible(request.user, file_id, definition_id)
    shown: dict[str, Any] = {"place": places.at(file, row), "query": request.GET.get("q", "")}
    try:
        query = parsing.read(shown["query"]).text if shown["query"] else ""
    except BadQuery as error:
        shown["reasons"] = Reasons(wanting=str(error))
        return render(request, "search/why.html", shown, status=400)
    return render(request, "search/why.html", shown | {"reasons": explanations.of(row, query)})


@require_safe
@throttles.limited(throttles.SEARCH)
def similar_to(request: HttpRequest, file_id: int, definition_id: int) -> HttpResponse:
    """What is most like a definition."""
    file, row = places.visible(request.user, file_id, definition_id)
    shown = {"place": places.at(file, row)}
    return _similar(request, shown, lambda limit, by: similar.to(request.user, row, limit, by))


@require_safe
def similar_to_code(request: HttpRequest) -> HttpResponse:
    """A box for code, or what is most like that."""
    code, language = request.GET.get("code", ""), request.GET.get("lang", "python")
    shown = {
        "code": code,
        "lang": language,
        "languages": [known.name for known in languages.LANGUAGES],
        "max_characters": parsing.MAX_CHARACTERS,
    }
    if "code" not in request.GET:
        return render(request, "search/similar.html", shown)
    return _similar_to_code(request, shown)


@throttles.limited(throttles.ENCODE)
def _similar_to_code(request: HttpRequest, shown: dict[str, Any]) -> HttpResponse:
    code, language = shown["code"], shown["lang"]
    return _similar(
        request,
        shown,
        lambda limit, by: similar.to_code(request.user, code, language, limit, by),
    )


def _similar(
    request: HttpRequest, shown: dict[str, Any], find: Callable[[int, str], Answer]
) -> HttpResponse:
    shown |= {"by": request.GET.get("by", Likeness.BOTH.value), "likenesses": LIKENESSES}
    try:
        limit = parsing.checked_limit(request.GET.get("limit", STEPS[0]))
        answer = find(limit, shown["by"])
    except BadQuery as error:
        return render(request, "search/similar.html", shown | {"error": error}, status=400)
    except TookTooLong as error:
        return render(request, "search/similar.html", shown | {"error": error}, status=503)
    shown |= {"more": _more(request, answer, limit), **_listed(answer)}
    return render(request, "search/similar.html", shown)


@require_safe
def file(request: HttpRequest, file_id: int) -> HttpResponse:
    """A file, with links to its definitions."""
    visible = SourceFile.objects.visible_to(request.user).live()
    row = get_object_or_404(visible.select_related("branch__repository", "blob"), pk=file_id)
    definitions = row.blob.definitions.order_by("start_line", "-end_line")
    return render(
        request,
        "search/file.html",
        {
            "file": row,
            "definitions": [places.at(row, definition) for definition in definitions],
            "listing": listing(row.blob.content.split("\n"), row.blob.language),
        },
    )


def _box(request: HttpRequest) -> dict[str, Any]:
    return {
        "nav": "search",
        "text": request.GET.get("q", ""),
        "repository": request.GET.get("repository", ""),
        "order": request.GET.get("order", Order.IMPLEMENTATIONS.value),
        "group": request.GET.get("group", Group.DEFINITION.value),
        "balance": request.GET.get("balance") or "even",
        "balances": BALANCES,
        "repositories": choices.of(request.user),
        "max_characters": parsing.MAX_CHARACTERS,
    }


def _listed(answer: Answer) -> dict[str, Any]:
    marked = _marked(answer)
    return {
        "answer": answer,
        "listed": [
            (
                result,
                listing(
                    result.found.lines,
                    result.found.language,
                    first=result.found.place.start_line,
                    at_most=SNIPPET_LINES,
                    width=SNIPPET_WIDTH,
                    marked=marked,
                ),
            )
            for result in answer.results
        ],
    }


def _marked(answer: Answer) -> set[str]:
    """The words in what is shown of the results that the query's words match."""
    if not answer.words:
        return set()
    shown = (
        cut(line, SNIPPET_WIDTH)
        for result in answer.results
        for line in result.found.lines[:SNIPPET_LINES]
    )
    return lexemes.matched(answer.words, parsing.words_of("\n".join(shown)))


def _more(request: HttpRequest, answer: Answer, limit: int) -> str:
    """The query string that asks for more results, if there may be any."""
    larger = [step for step in STEPS if step > limit]
    if len(answer.results) < limit or not larger:
        return ""
    parameters = request.GET.copy()
    parameters["limit"] = str(larger[0])
    return parameters.urlencode()

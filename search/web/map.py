"""The map: its page, and what its script asks for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from codeindex.accounts.limits import throttles
from codeindex.models import EDGE, Repository
from codeindex.web import errors
from search.candidates.branches import UnknownRepository
from search.candidates.sql import SearchTimeout
from search.map import points
from search.map.areas import areas
from search.map.frames import Frame
from search.map.points import Points
from search.query import filters
from search.query.filters import BadQuery, Filter
from search.request import parse_search
from search.results import Place
from search.web.form import parameters

DESCRIBED = 10_000
"""Points by which the areas are found."""

HITS = 50
"""Results of a search that are highlighted."""

FAILURES: dict[type[Exception], int] = {BadQuery: 400, UnknownRepository: 404, SearchTimeout: 503}
REFUSALS = tuple(FAILURES)


@require_safe
@throttles.limited(throttles.SEARCH)
def page(request: HttpRequest) -> HttpResponse:
    """The map, and its areas as a table."""
    repository = request.GET.get(filters.REPOSITORY, "")
    context: dict[str, Any] = {"nav": "map", "repository": repository, "most": points.MOST}
    try:
        shown = points.visible(request.user, _filters(request), DESCRIBED)
    except REFUSALS as refusal:
        context["error"] = refusal
        return render(request, "search/map.html", context, status=FAILURES[type(refusal)])
    if shown:
        listed = areas(shown)
        names = _names(request.user, {pk for area in listed for pk in area.repositories})
        context["areas"] = [
            (area, [names[pk] for pk in area.repositories if pk in names]) for area in listed
        ]
        context["script"] = {
            "areas": [[area.x, area.y, " ".join(area.words[:2])] for area in listed],
            "edge": EDGE,
        }
    return render(request, "search/map.html", context)


@require_safe
@throttles.limited(throttles.SEARCH)
def points_seen(request: HttpRequest) -> HttpResponse:
    """The points in binary form, as `static/map.js` reads them: the length of a header as a 32-bit
    integer, the header as JSON, then a column after the other, all little-endian."""
    try:
        shown = points.visible(request.user, _filters(request))
    except REFUSALS as refusal:
        return errors.error(request, FAILURES[type(refusal)], str(refusal))
    content = _encoded(shown, request.user) if shown else b""
    return HttpResponse(content, content_type="application/octet-stream")


@require_safe
@throttles.limited(throttles.SUGGEST)
def place_on_map(request: HttpRequest) -> HttpResponse:
    """What lies at a place of the map."""
    try:
        frame = Frame.read(request.GET.get("frame", ""))
        x, y = (_coordinate(request.GET.get(name, "")) for name in "xy")
    except ValueError:
        return errors.error(request, 400, "This is not a place on the map. Load the map again.")
    found = points.at(request.user, frame, x, y)
    return JsonResponse({"places": list(map(_described, found))})


@require_safe
@throttles.limited(throttles.SEARCH)
def hits(request: HttpRequest) -> HttpResponse:
    """Where the best results of a search lie."""
    try:
        frame = Frame.read(request.GET.get("frame", ""))
    except ValueError:
        return errors.error(request, 400, "This is not a part of the map. Load the map again.")
    try:
        asked = {**parameters(request), "limit": [str(HITS)]}
        answer, where = points.hits(parse_search(request.user, asked), frame)
    except REFUSALS as refusal:
        return JsonResponse({"error": str(refusal)}, status=FAILURES[type(refusal)])
    return JsonResponse({"results": len(answer.results), "points": where})


def _described(place: Place) -> dict[str, str]:
    lines = f"{place.start_line}–{place.end_line}"
    return {
        "name": place.qualified_name,
        "kind": place.kind,
        "where": f"{place.origin.full_name} › {place.path}:{lines}",
        "url": place.permalink,
    }


def _filters(request: HttpRequest) -> Sequence[Filter]:
    """Raises `BadQuery`."""
    named = request.GET.getlist(filters.REPOSITORY)
    return filters.from_parameters({filters.REPOSITORY: named})


def _coordinate(written: str) -> int:
    """Raises `ValueError`."""
    if not (written.isascii() and written.isdecimal() and len(written) <= len(str(EDGE))):
        raise ValueError(written)
    return min(int(written), EDGE)


def _names(user: User | AnonymousUser, repositories: set[int]) -> dict[int, str]:
    """Their full names, by their ids."""
    rows = Repository.objects.visible_to(user).filter(pk__in=repositories).select_related("owner")
    return {row.pk: row.full_name for row in rows}


def _encoded(shown: Points, user: User | AnonymousUser) -> bytes:
    names = _names(user, set(shown.repositories))
    repositories, of_repository = _numbered([names.get(pk, "?") for pk in shown.repositories])
    languages, of_language = _numbered(shown.languages)
    kinds, of_kind = _numbered(shown.kinds)
    last = max(shown.days)
    header = json.dumps(
        {
            "count": len(shown),
            "frame": shown.frame.written(),
            "isSample": shown.is_sample,
            "repositories": repositories,
            "languages": languages,
            "kinds": kinds,
        }
    ).encode()
    header += b" " * (-len(header) % 4)
    columns = (
        (shown.x, "<u2"),
        (shown.y, "<u2"),
        (of_repository, "<u2"),
        (np.minimum(last - np.array(shown.days), EDGE), "<u2"),  # days before the newest
        (of_language, "u1"),
        (of_kind, "u1"),
    )
    return b"".join(
        [
            len(header).to_bytes(4, "little"),
            header,
            *(np.asarray(column).astype(kind).tobytes() for column, kind in columns),
        ]
    )


def _numbered(values: Sequence[str]) -> tuple[list[str], list[int]]:
    """The distinct values, the most frequent first, and the number of each value among them."""
    distinct, inverse, counts = np.unique(np.array(values), return_inverse=True, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    ranks = np.empty_like(order)
    ranks[order] = np.arange(len(order))
    return distinct[order].tolist(), ranks[inverse].tolist()

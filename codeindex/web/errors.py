"""Answers to requests that fail: a page, or JSON below /api/."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string

MALFORMED = "The server could not read this request."
FORBIDDEN = "Your account is not allowed to do this."
NOT_FOUND = "There is nothing at this address, or you may not see it."
BROKEN = "Something went wrong here. The error is in the server's log."
AWAY = "The database does not answer just now. Nothing is lost; try again in a few seconds."

_NO_HEADERS: Mapping[str, str] = MappingProxyType({})


def is_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")


def refused(
    request: HttpRequest, status: int, reason: str, headers: Mapping[str, str] = _NO_HEADERS
) -> HttpResponse:
    """The template of the status with the reason in it, or the reason as JSON."""
    if is_api(request):
        return JsonResponse({"detail": reason}, status=status, headers=headers)
    page = render_to_string(f"{status}.html", {"reason": reason}, request)
    return HttpResponse(page, status=status, headers=headers)


def wrong(request: HttpRequest, parameter: str, reason: str) -> HttpResponse:
    """400 for what a parameter holds, as the REST framework says it."""
    if is_api(request):
        return JsonResponse({parameter: [reason]}, status=400)
    return refused(request, 400, reason)


def broken(
    request: HttpRequest, status: int, reason: str, headers: Mapping[str, str] = _NO_HEADERS
) -> HttpResponse:
    """The same where nothing can be looked up to show the page, not even who asks."""
    if is_api(request):
        return JsonResponse({"detail": reason}, status=status, headers=headers)
    return HttpResponse(render_to_string(f"{status}.html"), status=status, headers=headers)


# What Django calls


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return broken(request, 400, MALFORMED)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return refused(request, 403, str(exception) or FORBIDDEN)


def not_found(request: HttpRequest, exception: Http404) -> HttpResponse:
    return refused(request, 404, NOT_FOUND)


def server_error(request: HttpRequest) -> HttpResponse:
    return broken(request, 500, BROKEN)

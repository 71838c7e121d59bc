"""Responses to requests that fail: a page, or a problem for programs, below /api/ and at /mcp."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string

from codeindex.web.rest import problems

MALFORMED = "The server could not understand this request."
FORBIDDEN = "You don't have permission to do this."
NOT_FOUND = problems.NOT_FOUND
INTERNAL = "Something went wrong on the server. The error has been logged."
UNAVAILABLE = "The database is not responding. No data has been lost; try again in a few seconds."

_NO_HEADERS: Mapping[str, str] = MappingProxyType({})


def is_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/") or request.path == "/mcp"


def error(
    request: HttpRequest, status: int, reason: str, headers: Mapping[str, str] = _NO_HEADERS
) -> HttpResponse:
    """The page of the status with the reason in it, or the reason as a problem."""
    if is_api(request):
        return problems.problem(status, reason, headers=headers)
    page = render_to_string(f"{status}.html", {"reason": reason}, request)
    return HttpResponse(page, status=status, headers=headers)


def invalid_parameter(request: HttpRequest, parameter: str, reason: str) -> HttpResponse:
    """400 for the value of a parameter."""
    if is_api(request):
        return problems.invalid({parameter: [reason]})
    return error(request, 400, reason)


def plain_error(
    request: HttpRequest, status: int, reason: str, headers: Mapping[str, str] = _NO_HEADERS
) -> HttpResponse:
    """The same without database queries for the page, not even for the signed-in user."""
    if is_api(request):
        return problems.problem(status, reason, headers=headers)
    return HttpResponse(render_to_string(f"{status}.html"), status=status, headers=headers)


# Called by Django


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return plain_error(request, 400, MALFORMED)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error(request, 403, str(exception) or FORBIDDEN)


def not_found(request: HttpRequest, exception: Http404) -> HttpResponse:
    return error(request, 404, NOT_FOUND)


def server_error(request: HttpRequest) -> HttpResponse:
    return plain_error(request, 500, INTERNAL)

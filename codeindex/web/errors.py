"""Responses to requests that fail: a page, or a problem for programs, below /api/ and at /mcp."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string

from codeindex.web.rest import problems

TITLES = {
    400: "Bad request",
    403: "You don't have permission",
    404: "Page not found",
    413: "Request too large",
    429: "Too many requests",
    500: "Something went wrong",
    503: "Temporarily unavailable",
}
TRY_AGAIN = (429, 500, 503)
"""Statuses of requests that may succeed a little later."""

MALFORMED = "The server could not understand this request."
FORBIDDEN = "You don't have permission to do this."
NOT_FOUND = problems.NOT_FOUND
EXPIRED = (
    "You may have signed in or out since the page was loaded. Go back, reload the page and try"
    " again."
)
INTERNAL = (
    "The error has been logged on the server. Try again; if the problem persists, tell your"
    " administrator when it happened."
)
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
    return HttpResponse(_page(status, reason, request), status=status, headers=headers)


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
    return HttpResponse(_page(status, reason), status=status, headers=headers)


def _page(
    status: int, reason: str, request: HttpRequest | None = None, title: str | None = None
) -> str:
    context = {
        "status": status,
        "title": title or TITLES[status],
        "reason": reason,
        "again": TRY_AGAIN,
    }
    return render_to_string("error.html", context, request)


# Called by Django


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Only a view's `BadRequest` is written for users."""
    if isinstance(exception, BadRequest):
        return error(request, 400, str(exception) or MALFORMED)
    return plain_error(request, 400, MALFORMED)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error(request, 403, str(exception) or FORBIDDEN)


def expired_form(request: HttpRequest, reason: str) -> HttpResponse:
    """For a form without a valid token against cross-site requests."""
    page = _page(403, EXPIRED, request, "This form has expired")
    return HttpResponse(page, status=403)


def not_found(request: HttpRequest, exception: Http404) -> HttpResponse:
    return error(request, 404, NOT_FOUND)


def server_error(request: HttpRequest) -> HttpResponse:
    return plain_error(request, 500, INTERNAL)

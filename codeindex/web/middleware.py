"""Headers of every response, rejection of malformed requests, and error responses for
exceptions."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator

from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.utils.cache import patch_cache_control

from codeindex import audit
from codeindex.accounts.limits import clients, throttles
from codeindex.accounts.limits.throttles import TooManyRequests
from codeindex.audit import Door, Origin
from codeindex.web import errors

RETRY_SECONDS = 5
"""By then a restarted database is usually back."""

_LENGTH_DIGITS = 12
"""The most digits of a Content-Length. Python refuses to parse thousands of them."""

logger = logging.getLogger(__name__)

GetResponse = Callable[[HttpRequest], HttpResponse]

POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data:",  # the admin draws with data: images
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)


def content_security_policy(get_response: GetResponse) -> GetResponse:
    """Allows no inline script and no content from other origins, so that a stranger's source code
    stays text whatever it contains."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        return response

    return middleware


def no_store(get_response: GetResponse) -> GetResponse:
    """Forbids browsers and proxies to cache a response, since who may see it can change with the
    next request. Static files are served by a middleware before this one."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        patch_cache_control(response, private=True, no_store=True)
        return response

    return middleware


DOORS = {
    "/api/v1/hooks/": Door.WEBHOOK, "/api/": Door.API, "/mcp": Door.AGENT,
    "/oauth/register": Door.AGENT, "/oauth/token": Door.AGENT, "/oauth/revoke": Door.AGENT,
}  # fmt: skip
"""By the beginning of the path, the longest first; all others are pages."""


def audit_origin(get_response: GetResponse) -> GetResponse:
    """Tells the audit where the request comes from."""

    def middleware(request: HttpRequest) -> HttpResponse:
        door = next((DOORS[path] for path in DOORS if request.path.startswith(path)), Door.PAGE)
        with audit.from_origin(Origin(door, clients.address(request), request.user)):
            return get_response(request)

    return middleware


def reject_malformed(get_response: GetResponse) -> GetResponse:
    """Rejects what no view can use: large bodies, text that cannot be decoded, and NUL characters,
    which Postgres does not accept. It runs after authentication, so that the error page shows who
    is signed in; before it no middleware reads the body or a cookie's value."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if _first_with_nul(request.COOKIES.items()) is not None:  # maybe the session's
            return errors.plain_error(request, 400, errors.MALFORMED)
        if "\x00" in request.path:  # no row has such a name
            return errors.error(request, 404, errors.NOT_FOUND)
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdecimal() and (len(length) > _LENGTH_DIGITS or int(length) > most):
            return errors.error(request, 413, f"A request may be at most {most // 1024:,} KiB.")
        try:
            parameter = _first_with_nul(_parameters(request))
        except (LookupError, UnicodeError, UnreadablePostError):
            return errors.error(request, 400, errors.MALFORMED)
        if parameter is not None:
            reason = "Null characters are not allowed."
            return errors.invalid_parameter(request, parameter, reason)
        return get_response(request)

    return middleware


def _first_with_nul(parameters: Iterable[tuple[str, str]]) -> str | None:
    """The name of the first parameter with a NUL character in its name or value."""
    return next((name for name, value in parameters if "\x00" in name + value), None)


def _parameters(request: HttpRequest) -> Iterator[tuple[str, str]]:
    """Names and values of the query string and a page's form. The API's serializers check the
    bodies of its requests."""
    forms = [request.GET] if errors.is_api(request) else [request.GET, request.POST]
    for form in forms:
        yield from ((name, value) for name, values in form.lists() for value in values)


def rate_limit_headers(get_response: GetResponse) -> GetResponse:
    """Tells the client of a limited request how many more it may send."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if budget := throttles.budget_of(request):
            for name, value in budget.headers.items():
                response.headers[name] = value
        return response

    return middleware


class RefusedRequests:
    """429 beyond a rate limit, and 404 for a row that another request has removed in the
    meantime."""

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, TooManyRequests):
            return errors.error(request, 429, str(error.detail), {"Retry-After": str(error.wait)})
        if isinstance(error, ObjectDoesNotExist):
            logger.info(
                "%s: a row was removed while the request was being processed",
                request.path,
                exc_info=error,
            )
            return errors.error(request, 404, errors.NOT_FOUND)
        return None


class DatabaseUnavailable:
    """503 with Retry-After, as a page or as JSON, if the database is not available. The next
    request reconnects, since connections are checked before use."""

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, OperationalError | InterfaceError):
            return None
        logger.error("The database is not responding: %s", error)
        return errors.plain_error(
            request, 503, errors.UNAVAILABLE, {"Retry-After": str(RETRY_SECONDS)}
        )

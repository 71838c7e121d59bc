"""What every answer carries, which requests are read at all, and how a request that cannot be
answered is refused."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.utils.cache import patch_cache_control

from codeindex.accounts.throttles import TooMany
from codeindex.web import errors

RETRY_SECONDS = 5
"""After which a restarted database is mostly there again."""

_DIGITS = 12
"""Of the length of a body; Python reads no number of thousands of them."""

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
    """Nothing is run, shown or sent from or to elsewhere, and no inline script is run: source
    code of strangers stays text whatever it contains."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        return response

    return answer


def no_store(get_response: GetResponse) -> GetResponse:
    """No browser and no proxy keeps an answer: who may see it can change with the next request.
    Static files are answered before."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        patch_cache_control(response, private=True, no_store=True)
        return response

    return answer


def readable(get_response: GetResponse) -> GetResponse:
    """Refuses what no view could use: large bodies, text that cannot be decoded, and NUL
    characters, which Postgres cannot store and hence not look for."""

    def answer(request: HttpRequest) -> HttpResponse:
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdecimal() and (len(length) > _DIGITS or int(length) > most):
            return errors.refused(request, 413, f"At most {most // 1024:,} KiB can be sent.")
        try:
            with_nul = [name for name, value in _given(request) if "\x00" in name + value]
        except (LookupError, UnicodeError, UnreadablePostError):
            return errors.refused(request, 400, errors.MALFORMED)
        if with_nul:
            return errors.wrong(request, with_nul[0], "Null characters are not allowed.")
        return get_response(request)

    return answer


def _given(request: HttpRequest) -> Iterator[tuple[str, str]]:
    """Names with their values, of the query string, the cookies and a page's form. The bodies that
    the API is sent are read, and checked, by its serializers."""
    yield from request.COOKIES.items()
    forms = [request.GET] if errors.is_api(request) else [request.GET, request.POST]
    for form in forms:
        yield from ((name, value) for name, values in form.lists() for value in values)


class Refusals:
    """Refuses a request for what its view found: too many of them, or a row that another request
    has removed meanwhile."""

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, TooMany):
            return errors.refused(request, 429, str(error.detail), {"Retry-After": str(error.wait)})
        if isinstance(error, ObjectDoesNotExist):
            logger.info("%s: a row was removed meanwhile", request.path, exc_info=error)
            return errors.refused(request, 404, errors.NOT_FOUND)
        return None


class DatabaseAway:
    """503 with a hint when to try again, as a page or as JSON, where a request finds no database.
    The next one connects anew, since connections are tried before use."""

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, OperationalError | InterfaceError):
            return None
        logger.error("The database does not answer: %s", error)
        return errors.broken(request, 503, errors.AWAY, {"Retry-After": str(RETRY_SECONDS)})

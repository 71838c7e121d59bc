"""What every answer carries, and what is answered while the database is away."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string

RETRY_SECONDS = 5
"""After which a restarted database is mostly there again."""

AWAY = "The database does not answer just now. Nothing is lost; try again in a few seconds."

logger = logging.getLogger(__name__)

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


def content_security_policy(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Nothing is run, shown or sent from or to elsewhere, and no inline script is run: source
    code of strangers stays text whatever it contains."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        return response

    return answer


class DatabaseAway:
    """503 with a hint when to try again, as a page or as JSON, where a request finds no database.
    The next one connects anew, since connections are tried before use."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, OperationalError | InterfaceError):
            return None
        logger.error("The database does not answer: %s", error)
        headers = {"Retry-After": str(RETRY_SECONDS)}
        if request.path.startswith("/api/"):
            return JsonResponse({"detail": AWAY}, status=503, headers=headers)
        page = render_to_string("503.html")  # without a request: who asks is in the database
        return HttpResponse(page, status=503, headers=headers)

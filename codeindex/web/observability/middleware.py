"""Probes with any host name; each request's id, log line and metrics."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django_structlog.middlewares import RequestMiddleware

from codeindex.observability import ids, logs, metrics, stages
from codeindex.observability.paths import route
from codeindex.web.observability.endpoints import PATHS

ID_HEADER = "HTTP_X_REQUEST_ID"
SAFE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")
"""Ids that are accepted from a proxy: short, and harmless in a log line."""

GetResponse = Callable[[HttpRequest], HttpResponse]


def probes_by_any_name(get_response: GetResponse) -> GetResponse:
    """A load balancer calls this machine by its IP address, which no administrator lists in
    ALLOWED_HOSTS. The responses contain no links, so that a forged name does no harm."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path_info in PATHS:
            request.get_host = lambda: "localhost"  # type: ignore[method-assign]
        return get_response(request)

    return middleware


class ObservedRequests(RequestMiddleware):
    """Gives each request an id, or keeps that of a proxy if it is harmless, and returns it as
    X-Request-ID; logs and counts each request when it ends. Log lines have the name of the route,
    not the URL, which may contain queries and secrets."""

    def __init__(self, get_response: GetResponse) -> None:
        super().__init__(get_response)
        self._respond = get_response
        logs.configure()
        stages.listen("metrics", metrics.observe_operation)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info in PATHS:
            return self._respond(request)
        began = time.monotonic()
        with ids.of_request(request):
            self.prepare(request)
            response = self._respond(request)
            seconds = time.monotonic() - began
            structlog.contextvars.bind_contextvars(milliseconds=round(1000 * seconds))
            response.headers["X-Request-ID"] = _request_id()
            self.handle_response(request, response)
        metrics.observe_request(route(request), request.method, response.status_code, seconds)
        return response

    def process_view(
        self, request: HttpRequest, view: Any, arguments: Any, named: dict[str, Any]
    ) -> None:
        if isinstance(run := named.get("run"), int):
            structlog.contextvars.bind_contextvars(run_id=run)

    def prepare(self, request: HttpRequest) -> None:
        given = request.META.get(ID_HEADER, "")
        if not (settings.CODEINDEX_BEHIND_TLS and SAFE_ID.fullmatch(given)):
            request.META.pop(ID_HEADER, None)
        super().prepare(request)

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        return f"{metrics.known_method(request.method)} {route(request)}"

    @staticmethod
    def bind_user_id(request: HttpRequest) -> None:
        """`codeindex.observability.ids` adds the user, without a query to the database."""

    def process_got_request_exception(
        self, sender: type[Any], request: HttpRequest, **named: Any
    ) -> None:
        """Django logs the exception itself."""


def _request_id() -> str:
    return str(structlog.contextvars.get_contextvars()["request_id"])

"""Stops the work on a request whose client has disconnected: the running SQL statement is
cancelled, and no other one begins.

The web server reports whether a client is still connected (`waitress.client_disconnected`). Only
requests that change nothing are abandoned: GET and HEAD by the middleware, others by views that say
so."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from threading import Lock, Thread
from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.http import HttpRequest, HttpResponse
from psycopg import Error

POLL_SECONDS = 0.5
CANCEL_SECONDS = 1.0

CLIENT_CLOSED_REQUEST = 499
"""nginx's status for its log; nobody receives it."""

logger = logging.getLogger(__name__)


class ClientDisconnected(Exception):
    pass


@dataclass(frozen=True, slots=True, eq=False)
class OpenRequest:
    """A request in progress, with the database connections of its thread."""

    is_disconnected: Callable[[], bool]
    databases: Sequence[BaseDatabaseWrapper]

    def execute(self, execute: Callable[..., Any], *arguments: Any) -> Any:
        """Wraps each SQL statement."""
        if self.is_disconnected():
            raise ClientDisconnected
        return execute(*arguments)

    def cancel(self) -> None:
        """Cancels the running statement, if any. Called by another thread."""
        for database in self.databases:
            if (postgres := database.connection) is not None:
                postgres.cancel_safe(timeout=CANCEL_SECONDS)


class DisconnectMonitor:
    """Checks the open requests of a process in a thread that the first request starts."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._requests: set[OpenRequest] = set()
        self._thread: Thread | None = None

    @contextmanager
    def watch(self, request: OpenRequest) -> Iterator[None]:
        with self._lock:
            self._requests.add(request)
            if self._thread is None:
                self._thread = Thread(target=self._run, name="abandonment", daemon=True)
                self._thread.start()
        try:
            yield
        finally:
            with self._lock:  # so that no statement of the next request is cancelled
                self._requests.remove(request)

    def _run(self) -> None:
        while True:
            time.sleep(POLL_SECONDS)
            with self._lock:
                for request in self._requests:
                    if request.is_disconnected():
                        self._cancel(request)

    def _cancel(self, request: OpenRequest) -> None:
        try:
            request.cancel()
        except Error:
            logger.warning("could not cancel a statement", exc_info=True)


_monitor = DisconnectMonitor()


@contextmanager
def abandoned_with_client(request: HttpRequest) -> Iterator[None]:
    """Stops the work of the block, which changes nothing, when the client has disconnected."""
    is_disconnected = request.META.get("waitress.client_disconnected")
    if is_disconnected is None:
        yield
        return
    open_request = OpenRequest(is_disconnected, connections.all())
    with _monitor.watch(open_request), ExitStack() as wrapping:
        for database in open_request.databases:
            wrapping.enter_context(database.execute_wrapper(open_request.execute))
        yield


class AbandonedRequests:
    """The middleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method not in ("GET", "HEAD"):
            return self._get_response(request)
        with abandoned_with_client(request):
            return self._get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """An error that follows from abandoning a request is not reported."""
        is_disconnected = request.META.get("waitress.client_disconnected")
        if is_disconnected is None or not is_disconnected():
            return None
        connections.close_all()  # so that a late cancellation affects no other request
        return HttpResponse(status=CLIENT_CLOSED_REQUEST)

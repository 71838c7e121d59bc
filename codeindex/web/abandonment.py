"""What is asked by somebody who has gone is not answered any further: the statement that Postgres
works on for it is cancelled, and no other one begins.

The web server says whether a client is still there (`waitress.client_disconnected`). Only requests
that change nothing are given up."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock, Thread
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.http import HttpRequest, HttpResponse
from psycopg import Error

POLL_SECONDS = 0.5
CANCEL_SECONDS = 1.0

CLIENT_CLOSED_REQUEST = 499
"""As nginx logs it; nobody receives it."""

logger = logging.getLogger(__name__)


class Abandoned(Exception):
    """Nobody waits for the answer any more."""


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A request that is being answered, by the database connection of its thread."""

    has_gone: Callable[[], bool]
    database: BaseDatabaseWrapper

    def execute(self, execute: Callable[..., Any], *arguments: Any) -> Any:
        """Wraps each statement."""
        if self.has_gone():
            raise Abandoned
        return execute(*arguments)

    def cancel(self) -> None:
        """Ends the statement that is running, if there is one; called by another thread."""
        if (postgres := self.database.connection) is not None:
            postgres.cancel_safe(timeout=CANCEL_SECONDS)


class Watch:
    """Looks after the requests of a process, in a thread that begins with the first of them."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._asked: set[Asked] = set()
        self._thread: Thread | None = None

    @contextmanager
    def over(self, asked: Asked) -> Iterator[None]:
        with self._lock:
            self._asked.add(asked)
            if self._thread is None:
                self._thread = Thread(target=self._run, name="abandonment", daemon=True)
                self._thread.start()
        try:
            yield
        finally:
            with self._lock:  # so that what is cancelled is never a statement of the next request
                self._asked.remove(asked)

    def _run(self) -> None:
        while True:
            time.sleep(POLL_SECONDS)
            with self._lock:
                for asked in self._asked:
                    if asked.has_gone():
                        self._cancel(asked)

    def _cancel(self, asked: Asked) -> None:
        try:
            asked.cancel()
        except Error:
            logger.warning("a statement could not be cancelled", exc_info=True)


class Abandonment:
    """The middleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response
        self._watch = Watch()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        has_gone = request.META.get("waitress.client_disconnected")
        if has_gone is None or request.method not in ("GET", "HEAD"):
            return self._get_response(request)
        asked = Asked(has_gone, connections[DEFAULT_DB_ALIAS])
        with self._watch.over(asked), connection.execute_wrapper(asked.execute):
            return self._get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Whatever came of giving up is no fault."""
        has_gone = request.META.get("waitress.client_disconnected")
        if has_gone is None or not has_gone():
            return None
        connection.close()  # a cancellation that comes late hits nobody
        return HttpResponse(status=CLIENT_CLOSED_REQUEST)

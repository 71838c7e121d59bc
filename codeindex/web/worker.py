"""A gunicorn worker that serves with waitress: one loop receives requests and sends responses, and
threads see only complete requests. So a client that sends or reads slowly occupies a connection,
but no thread.

Each activity of a connection has a time limit that starts with its first byte, so that a client
that sends one byte per second is disconnected too. If there are too many connections, the one that
has been idle for longest is closed."""

from __future__ import annotations

import os
import select
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from importlib import import_module
from types import MappingProxyType
from typing import Any

from gunicorn.workers.base import Worker
from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.server import TcpWSGIServer, UnixWSGIServer
from waitress.task import ThreadedTaskDispatcher


class Activity(Enum):
    """What a connection is doing."""

    WAITING = "waiting for a request to begin"
    HEAD = "receiving the head of a request"
    BODY = "receiving the body of a request"
    WORKING = "waiting for the application"
    SENDING = "sending a response"


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits for clients. `seconds` has no entry for `WORKING`, which is not limited here."""

    seconds: Mapping[Activity, float] = field(
        default_factory=lambda: MappingProxyType(
            {
                Activity.WAITING: 75.0,
                Activity.HEAD: 10.0,
                Activity.BODY: 60.0,
                Activity.SENDING: 120.0,
            }
        )
    )
    connections: int = 500
    """Of one process. Beyond it, idle ones are closed to make room."""

    head: int = 32 * 1024
    body: int = 4 * 1024**2
    """Bytes. Forms and JSON are far smaller."""

    unsent: int = 64 * 1024**2
    """Bytes of a response that are buffered, mostly on disk, before its thread waits for the
    client."""


LIMITS = Limits()

REQUEST_LINE = 8190
"""Bytes. Code of 2,000 characters takes about 4,000 bytes in a URL."""

LOCAL = frozenset({"127.0.0.1", "::1"})

Application = Callable[..., Any]

POLL_SECONDS = 0.25
"""How often time limits are checked."""

ARRIVAL_SECONDS = 1.0
"""How long requests may still arrive, on connections that are open when the process has to end."""

LEAVING_SECONDS = 1.5
"""What is left of gunicorn's patience for the process to end once its requests are answered."""

OBSERVE_SECONDS = 1.0
"""How often connections are counted for the metrics."""


class Parser(HTTPRequestParser):
    def parse_header(self, header_plus: bytes) -> None:
        """Raises ParsingError, which becomes a 400."""
        line = header_plus.partition(b"\r\n")[0]
        if len(line) > REQUEST_LINE:
            raise ParsingError(f"The request line is longer than {REQUEST_LINE} bytes.")
        super().parse_header(header_plus)


class Channel(HTTPChannel):
    """A connection that knows its activity and since when."""

    parser_class = Parser

    def __init__(self, *arguments: object, **named: object) -> None:
        self.responses = 0
        self.since = time.monotonic()
        self._step: tuple[object, ...] = ()
        super().__init__(*arguments, **named)

    @property
    def activity(self) -> Activity:
        if self.total_outbufs_len:
            return Activity.SENDING
        if self.requests:
            return Activity.WORKING
        if (request := self.request) is None:
            return Activity.WAITING
        return Activity.BODY if request.headers_finished else Activity.HEAD

    @property
    def is_answered(self) -> bool:
        """Whether a whole request has arrived, whose response is not yet sent."""
        return self.activity in (Activity.WORKING, Activity.SENDING)

    @property
    def is_idle(self) -> bool:
        """Whether all requests are answered, and no other has begun."""
        return self.activity is Activity.WAITING and self.responses > 0

    def service(self) -> None:
        super().service()
        self.responses += 1

    def seconds_busy(self, now: float) -> float:
        """How long the current activity has lasted, as far as this method has seen it."""
        # The second of two heads or of two responses is another step, too
        step = (self.activity, self.request, self.responses)
        if self._step not in ((), step):
            self.since = now
        self._step = step
        return now - self.since


def trust_local_proxy(application: Application) -> Application:
    """Takes the URL scheme from a proxy on the same machine, as gunicorn's own workers do."""

    def wrapper(environ: dict[str, Any], start_response: Any) -> Any:
        if environ.get("HTTP_X_FORWARDED_PROTO") == "https" and environ["REMOTE_ADDR"] in LOCAL:
            environ["wsgi.url_scheme"] = "https"
        return application(environ, start_response)

    return wrapper


class Connections:
    """The connections of all servers of a process, with their threads and limits."""

    def __init__(self, application: Application, threads: int, limits: Limits = LIMITS) -> None:
        self._application, self._limits = trust_local_proxy(application), limits
        self._map: dict[int, wasyncore.dispatcher] = {}
        self._servers: list[TcpWSGIServer | UnixWSGIServer] = []
        self._threads = ThreadedTaskDispatcher()
        self._threads.set_thread_count(threads)
        self._checked_at = time.monotonic()
        self._adjustments = Adjustments(
            ident=None,
            max_request_header_size=limits.head,
            max_request_body_size=limits.body,
            outbuf_high_watermark=limits.unsent,
            connection_limit=limits.connections + 16,  # the servers themselves count, too
            channel_request_lookahead=4,  # so that a disconnect is noticed
            clear_untrusted_proxy_headers=False,  # the settings say which of them are trusted
        )

    def listen(self, listener: socket.socket) -> None:
        """Accepts connections from a bound socket."""
        kind = _UnixServer if listener.family == socket.AF_UNIX else _TcpServer
        server = kind(
            self._application,
            self._map,
            _sock=listener,
            dispatcher=self._threads,
            adj=self._adjustments,
            bind_socket=False,
            sockinfo=(listener.family, listener.type, listener.proto, listener.getsockname()),
        )
        server.connections = self
        self._servers.append(server)

    def by_activity(self) -> dict[str, int]:
        """How many connections do what."""
        counts = dict.fromkeys((activity.name.lower() for activity in Activity), 0)
        for channel in self._channels():
            counts[channel.activity.name.lower()] += 1
        return counts

    def poll(self, seconds: float) -> None:
        """Receives and sends what is ready, after waiting for up to `seconds`."""
        wasyncore.loop(timeout=seconds, use_poll=True, map=self._map, count=1)
        now = time.monotonic()
        if now - self._checked_at >= POLL_SECONDS:
            self._checked_at = now
            self._close_overdue(now)

    def make_room(self) -> None:
        """Closes the connection that has been idle for longest, if there are too many."""
        channels = self._channels()
        if len(channels) < self._limits.connections:
            return
        now = time.monotonic()
        idle = [channel for channel in channels if channel.activity != Activity.WORKING]
        if idle:
            max(idle, key=lambda channel: channel.seconds_busy(now)).handle_close()

    def close(self, seconds: float) -> None:
        """Accepts no more connections. Requests on those that clients have opened are answered, if
        they arrive within `ARRIVAL_SECONDS` and can be answered in up to `seconds`."""
        began = time.monotonic()
        for server in self._servers:
            _accept_waiting(server)
            wasyncore.dispatcher.close(server)  # not the trigger that wakes the loop for a response
        while (passed := time.monotonic() - began) < seconds:
            wasyncore.loop(timeout=0.05, use_poll=True, map=self._map, count=1)
            for channel in self._channels():
                if channel.is_idle or (passed > ARRIVAL_SECONDS and not channel.is_answered):
                    channel.handle_close()
            if not self._channels():
                break
        self._threads.shutdown(timeout=1)

    def _close_overdue(self, now: float) -> None:
        for channel in self._channels():
            limit = self._limits.seconds.get(channel.activity, float("inf"))
            if channel.seconds_busy(now) > limit:
                channel.handle_close()

    def _channels(self) -> list[Channel]:
        return [channel for channel in self._map.values() if isinstance(channel, Channel)]


class _Server:
    """For both kinds of sockets."""

    channel_class = Channel
    connections: Connections

    def handle_accept(self) -> None:
        self.connections.make_room()
        super().handle_accept()  # type: ignore[misc]

    def maintenance(self, now: float) -> None:
        """`Connections` checks the time limits of all servers together."""


class _TcpServer(_Server, TcpWSGIServer):
    pass


class _UnixServer(_Server, UnixWSGIServer):
    pass


def _accept_waiting(server: TcpWSGIServer | UnixWSGIServer) -> None:
    """Accepts the connections that wait in the listener's queue: closing it would reset them."""
    queue = select.poll()
    queue.register(server.socket, select.POLLIN)
    for _ in range(server.adj.backlog):
        if not queue.poll(0):
            break
        server.handle_accept()


class WebWorker(Worker):
    def run(self) -> None:
        """Serves until gunicorn stops the process, or has died itself."""
        connections = Connections(self.wsgi, self.cfg.threads)
        for listener in self.sockets:
            connections.listen(listener.sock)
        observe = import_module("codeindex.observability.metrics").observe_connections
        observed = 0.0
        while self.alive and self.ppid == os.getppid():
            self.notify()
            connections.poll(POLL_SECONDS)
            if (now := time.monotonic()) - observed >= OBSERVE_SECONDS:
                observe(connections.by_activity())
                observed = now
        connections.close(self.cfg.graceful_timeout - LEAVING_SECONDS)

"""A worker process of gunicorn that serves by waitress: one loop receives requests and sends
answers, and threads see complete requests only. So a client that sends or reads slowly holds a
connection, and never a thread.

Each connection has a time limit for what it is doing, from the first byte on and not from the last
one: a client that sends a byte a second is not kept either. Where there are too many connections,
the one that has done nothing useful for longest makes room."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Any

from gunicorn.workers.base import Worker
from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.server import TcpWSGIServer, UnixWSGIServer
from waitress.task import ThreadedTaskDispatcher


class Doing(Enum):
    """What a connection is busy with."""

    WAITING = "waiting for a request to begin"
    HEAD = "receiving the head of a request"
    BODY = "receiving the body of a request"
    WORKING = "waiting for an answer to be made"
    SENDING = "sending an answer"


@dataclass(frozen=True, slots=True)
class Limits:
    """What clients may use. `seconds` has no entry for what has no limit here: making an answer."""

    seconds: Mapping[Doing, float] = field(
        default_factory=lambda: MappingProxyType(
            {Doing.WAITING: 75.0, Doing.HEAD: 10.0, Doing.BODY: 60.0, Doing.SENDING: 120.0}
        )
    )
    connections: int = 500
    """Of one process. More are let in as long as others can make room."""

    head: int = 32 * 1024
    body: int = 4 * 1024**2
    """Bytes; forms and JSON are far smaller."""

    unsent: int = 64 * 1024**2
    """Bytes of an answer that wait for its reader, on disk mostly, before its thread waits too."""


LIMITS = Limits()

REQUEST_LINE = 8190
"""Bytes. Code of 2,000 characters is some 4,000 bytes of an address."""

LOCAL = frozenset({"127.0.0.1", "::1"})

Application = Callable[..., Any]

POLL_SECONDS = 0.25
"""How often time limits are looked at."""


class Parser(HTTPRequestParser):
    def parse_header(self, header_plus: bytes) -> None:
        """Raises ParsingError, which is answered with 400."""
        line = header_plus.partition(b"\r\n")[0]
        if len(line) > REQUEST_LINE:
            raise ParsingError(f"The request line is longer than {REQUEST_LINE} bytes.")
        super().parse_header(header_plus)


class Channel(HTTPChannel):
    """A connection, with what it is doing and since when."""

    parser_class = Parser

    def __init__(self, *arguments: object, **named: object) -> None:
        self.answered = 0
        self.since = time.monotonic()
        self._step: tuple[object, ...] = ()
        super().__init__(*arguments, **named)

    @property
    def doing(self) -> Doing:
        if self.total_outbufs_len:
            return Doing.SENDING
        if self.requests:
            return Doing.WORKING
        if (request := self.request) is None:
            return Doing.WAITING
        return Doing.BODY if request.headers_finished else Doing.HEAD

    def service(self) -> None:
        super().service()
        self.answered += 1

    def seconds(self, now: float) -> float:
        """How long it has been doing the same, as far as that was looked at."""
        # Also the second of two heads, or of two answers, is another step
        step = (self.doing, self.request, self.answered)
        if self._step not in ((), step):
            self.since = now
        self._step = step
        return now - self.since


def seen_through_proxy(application: Application) -> Application:
    """A proxy of the same machine says whether it was asked by TLS, as with gunicorn's own
    workers."""

    def answer(environ: dict[str, Any], start_response: Any) -> Any:
        if environ.get("HTTP_X_FORWARDED_PROTO") == "https" and environ["REMOTE_ADDR"] in LOCAL:
            environ["wsgi.url_scheme"] = "https"
        return application(environ, start_response)

    return answer


class Connections:
    """What the servers of a process have in common: the threads, and the limits of connections."""

    def __init__(self, application: Application, threads: int, limits: Limits = LIMITS) -> None:
        self._application, self._limits = seen_through_proxy(application), limits
        self._map: dict[int, wasyncore.dispatcher] = {}
        self._servers: list[TcpWSGIServer | UnixWSGIServer] = []
        self._threads = ThreadedTaskDispatcher()
        self._threads.set_thread_count(threads)
        self._looked_at = time.monotonic()
        self._adjustments = Adjustments(
            ident=None,
            max_request_header_size=limits.head,
            max_request_body_size=limits.body,
            outbuf_high_watermark=limits.unsent,
            connection_limit=limits.connections + 16,  # the servers themselves are counted as well
            channel_request_lookahead=4,  # so that it is seen when a client has gone
            clear_untrusted_proxy_headers=False,  # settings say which of them are trusted
        )

    def listen(self, listener: socket.socket) -> None:
        """Takes connections from a socket that is bound already."""
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

    def turn(self, seconds: float) -> None:
        """Receives and sends what there is, and waits so long at most for something."""
        wasyncore.loop(timeout=seconds, use_poll=True, map=self._map, count=1)
        now = time.monotonic()
        if now - self._looked_at >= POLL_SECONDS:
            self._looked_at = now
            self._close_late_ones(now)

    def make_room(self) -> None:
        """Closes the connection that has been of no use for longest, if there are too many."""
        channels = self._channels()
        if len(channels) < self._limits.connections:
            return
        now = time.monotonic()
        idle = [one for one in channels if one.doing != Doing.WORKING]
        if idle:
            max(idle, key=lambda one: one.seconds(now)).handle_close()

    def close(self, seconds: float) -> None:
        """Takes no more connections, and gives answers that are being made so long to be sent."""
        deadline = time.monotonic() + seconds
        for server in self._servers:
            wasyncore.dispatcher.close(server)  # without what wakes the loop for an answer
        while time.monotonic() < deadline:
            for channel in self._channels():
                if channel.doing not in (Doing.WORKING, Doing.SENDING):
                    channel.handle_close()
            if not self._channels():
                break
            wasyncore.loop(timeout=0.05, use_poll=True, map=self._map, count=1)
        self._threads.shutdown(timeout=1)

    def _close_late_ones(self, now: float) -> None:
        for channel in self._channels():
            spent = channel.seconds(now)
            if spent > self._limits.seconds.get(channel.doing, float("inf")):
                channel.handle_close()

    def _channels(self) -> list[Channel]:
        return [one for one in self._map.values() if isinstance(one, Channel)]


class _Server:
    """Of either kind of socket."""

    channel_class = Channel
    connections: Connections

    def handle_accept(self) -> None:
        self.connections.make_room()
        super().handle_accept()  # type: ignore[misc]

    def maintenance(self, now: float) -> None:
        """`Connections` looks at all servers' time limits together."""


class _TcpServer(_Server, TcpWSGIServer):
    pass


class _UnixServer(_Server, UnixWSGIServer):
    pass


class WebWorker(Worker):
    def run(self) -> None:
        """Serves until gunicorn ends the process, or is gone itself."""
        connections = Connections(self.wsgi, self.cfg.threads)
        for listener in self.sockets:
            connections.listen(listener.sock)
        while self.alive and self.ppid == os.getppid():
            self.notify()
            connections.turn(POLL_SECONDS)
        connections.close(self.cfg.graceful_timeout)

"""The web server: clients that are slow, unfinished or many keep no other from an answer."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from http.client import HTTPConnection
from typing import Any

import pytest

from codeindex.web.worker import Activity, Connections, Limits

THREADS = 2
QUICK = Limits(
    seconds={Activity.WAITING: 0.6, Activity.HEAD: 0.4, Activity.BODY: 0.4, Activity.SENDING: 0.4},
    connections=60,
    unsent=256 * 1024,
)
PATIENT = Limits(connections=300)
LARGE = 20_000_000

HALF_A_HEAD = b"GET / HTTP/1.1\r\nHost: x\r\n"
HALF_A_BODY = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc"


GONE: list[bool] = []
"""Whether the client had gone, of each request that took a while."""


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    """Answers with what it was asked for, after a while or at length if the path says so."""
    path = environ["PATH_INFO"]
    if path.startswith("/after/"):
        deadline = time.monotonic() + float(path.removeprefix("/after/"))
        while time.monotonic() < deadline and not environ["waitress.client_disconnected"]():
            time.sleep(0.01)
        GONE.append(environ["waitress.client_disconnected"]())
    body = b"x" * LARGE if path == "/large" else path.encode() + environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


class Served:
    """A server in a thread of its own, stopped by its event."""

    def __init__(self, limits: Limits) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = self._listener.getsockname()
        self.ending = threading.Event()
        self._thread = threading.Thread(target=self._serve, args=(limits,))
        self._thread.start()

    def _serve(self, limits: Limits) -> None:
        connections = Connections(application, THREADS, limits)
        connections.listen(self._listener)
        while not self.ending.is_set():
            connections.poll(0.05)
        connections.close(3)

    def end(self) -> None:
        self.ending.set()
        self._thread.join()

    def get(self, path: str = "/hello") -> tuple[int, bytes]:
        client = HTTPConnection(*self.address, timeout=10)
        client.request("GET", path)
        response = client.getresponse()
        return response.status, response.read()

    def sent(self, data: bytes) -> socket.socket:
        client = socket.create_connection(self.address, timeout=10)
        client.sendall(data)
        return client


@contextmanager
def serving(limits: Limits) -> Iterator[Served]:
    served = Served(limits)
    try:
        yield served
    finally:
        served.end()


@pytest.fixture
def quick() -> Iterator[Served]:
    with serving(QUICK) as served:
        yield served


def everything(client: socket.socket) -> bytes:
    """What comes until the server closes."""
    return b"".join(iter(lambda: client.recv(65536), b""))


def trickled(client: socket.socket, seconds: float) -> float:
    """How long the server takes a byte after the other, in seconds."""
    began = time.monotonic()
    with suppress(ConnectionError):
        while time.monotonic() < began + seconds:
            client.sendall(b"a")
            time.sleep(0.05)
    return time.monotonic() - began


def is_closed(client: socket.socket) -> bool:
    try:
        return client.recv(65536) == b""
    except ConnectionResetError:
        return True


@pytest.mark.parametrize("begun", [b"", b"GE", HALF_A_HEAD, HALF_A_BODY])
def test_two_hundred_half_sent_requests_leave_others_their_answer(begun: bytes) -> None:
    with serving(PATIENT) as served, ExitStack() as stack:
        for _ in range(200):
            stack.enter_context(served.sent(begun))
        began = time.monotonic()
        assert served.get() == (200, b"/hello")
        assert time.monotonic() - began < 2


@pytest.mark.parametrize("begun", [b"", HALF_A_HEAD, HALF_A_BODY])
def test_a_request_that_does_not_end_is_given_up(quick: Served, begun: bytes) -> None:
    with quick.sent(begun) as client:
        assert is_closed(client)


@pytest.mark.parametrize("begun", [HALF_A_HEAD + b"X-Long: ", HALF_A_BODY], ids=["head", "body"])
def test_one_that_comes_byte_by_byte_is_given_up_too(quick: Served, begun: bytes) -> None:
    with quick.sent(begun) as client:
        assert trickled(client, seconds=8) < 5


def test_who_reads_slowly_holds_no_thread_for_long(quick: Served) -> None:
    with ExitStack() as stack:
        for _ in range(2 * THREADS):
            stack.enter_context(quick.sent(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n"))
        assert quick.get() == (200, b"/hello")


def test_who_reads_fast_gets_a_long_answer_whole(quick: Served) -> None:
    status, body = quick.get("/large")
    assert (status, len(body)) == (200, LARGE)


def test_where_connections_are_too_many_the_oldest_idle_one_makes_room(quick: Served) -> None:
    with ExitStack() as stack:
        opened = [stack.enter_context(quick.sent(HALF_A_HEAD)) for _ in range(70)]
        assert quick.get() == (200, b"/hello")
        assert is_closed(opened[0])


def test_what_is_being_answered_does_not_make_room(quick: Served) -> None:
    with quick.sent(b"GET /after/0.5 HTTP/1.0\r\n\r\n") as worked_on, ExitStack() as stack:
        for _ in range(70):
            stack.enter_context(quick.sent(HALF_A_HEAD))
        assert b"200 OK" in everything(worked_on)


def test_requests_of_one_connection_are_answered_in_order(quick: Served) -> None:
    paths = [b"/%d" % number for number in range(10)]
    requests = [b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n" % path for path in paths]
    with quick.sent(b"".join(requests)) as client:
        answers = everything(client)
    assert answers.count(b"200 OK") == 10
    assert re.findall(rb"\r\n\r\n(/\d)", answers) == paths


def test_a_kept_connection_outlives_its_requests_limit(quick: Served) -> None:
    client = HTTPConnection(*quick.address, timeout=10)
    for _ in range(5):
        client.request("POST", "/kept", body=b" and read")
        assert client.getresponse().read() == b"/kept and read"
        time.sleep(0.2)


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", b"400"),
        (b"GET /" + b"a" * 8000 + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", b"200"),
        (b"GET / HTTP/1.1\r\n" + b"X: " + b"a" * 40_000 + b"\r\n\r\n", b"431"),
        (b"POST / HTTP/1.1\r\nContent-Length: 5000000\r\n\r\n", b"413"),
        (b"nonsense\r\n\r\n", b"400"),
    ],
    ids=["line", "long line", "head", "body", "nonsense"],
)
def test_what_is_too_long_is_refused(quick: Served, request_: bytes, status: bytes) -> None:
    with quick.sent(request_) as client:
        assert everything(client).split(b" ", 2)[1] == status


def test_it_is_seen_that_a_client_has_gone(quick: Served) -> None:
    GONE.clear()
    with quick.sent(b"GET /after/8 HTTP/1.1\r\nHost: x\r\n\r\n"):
        time.sleep(0.2)
    deadline = time.monotonic() + 5
    while not GONE and time.monotonic() < deadline:
        time.sleep(0.01)
    assert GONE == [True]


def test_connections_that_are_open_at_the_end_are_still_served(quick: Served) -> None:
    """None of them is reset, whether it waits to be accepted or its request is on the way."""
    request = b"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"
    with ExitStack() as stack:
        busy = stack.enter_context(quick.sent(b"GET /after/0.5 HTTP/1.1\r\nHost: x\r\n\r\n"))
        opened = [stack.enter_context(quick.sent(begun)) for begun in (b"", request[:9]) * 10]
        quick.ending.set()
        for client in opened:
            client.sendall(request if client in opened[::2] else request[9:])
        for client in (busy, *opened):
            assert b"200 OK" in everything(client)
    quick.end()


def test_what_does_not_arrive_keeps_no_server(quick: Served) -> None:
    with quick.sent(HALF_A_HEAD), quick.sent(b""):
        began = time.monotonic()
        quick.end()
        assert time.monotonic() - began < 2.5


def test_what_is_being_answered_at_the_end_is_sent(quick: Served) -> None:
    with quick.sent(b"GET /after/0.5 HTTP/1.1\r\nHost: x\r\n\r\n") as client:
        time.sleep(0.2)
        quick.end()
        assert b"200 OK" in everything(client)
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(quick.address, timeout=2)

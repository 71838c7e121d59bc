"""What goes wrong on the way to a server is said in a sentence."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from codeindex.client import (
    BadRequest,
    Client,
    ClientError,
    Conflict,
    Forbidden,
    NotFound,
    ServerFailed,
    TooManyRequests,
    Unauthorized,
    UnexpectedAnswer,
    Unreachable,
)
from tests.certificates import own_certificate

HTML = {"html": "<!doctype html><title>Sign in</title>"}
PROBLEM = {"type": "about:blank", "title": "A title", "status": 400, "detail": "A detail."}


def answered(**response: object) -> ClientError:
    """The error for a response."""
    response.setdefault("status_code", 200)
    transport = httpx.MockTransport(lambda request: httpx.Response(**response))  # type: ignore[arg-type]
    client = Client("https://code.example.org", "secret", transport=transport)
    with client, pytest.raises(ClientError) as caught:
        client.repositories()
    assert "secret" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, BadRequest),
        (401, Unauthorized),
        (403, Forbidden),
        (404, NotFound),
        (409, Conflict),
        (413, BadRequest),
        (429, TooManyRequests),
        (500, ServerFailed),
        (503, ServerFailed),
    ],
)
def test_a_problem_says_its_detail(status: int, kind: type[ClientError]) -> None:
    error = answered(status_code=status, json=PROBLEM)
    assert type(error) is kind
    assert error.status == status
    assert "A detail." in str(error)


def test_reasons_are_by_parameter() -> None:
    error = answered(status_code=400, json={**PROBLEM, "errors": {"q": ["The query is empty."]}})
    assert isinstance(error, BadRequest)
    assert error.reasons == {"q": ["The query is empty."]}


def test_an_older_server_has_the_reasons_alone() -> None:
    error = answered(status_code=400, json={"q": ["The query is empty."]})
    assert str(error) == "q: The query is empty."


def test_a_limit_says_how_long_to_wait() -> None:
    error = answered(status_code=429, json={}, headers={"Retry-After": "7"})
    assert isinstance(error, TooManyRequests)
    assert error.wait == 7
    assert "7 s" in str(error)


@pytest.mark.parametrize("value", ["soon", "-1", "", "9" * 5000])
def test_a_wait_is_never_odd(value: str) -> None:
    error = answered(status_code=429, json={}, headers={"Retry-After": value})
    assert isinstance(error, TooManyRequests)
    assert error.wait == 1


@pytest.mark.parametrize(
    "response",
    [
        HTML,
        {**HTML, "status_code": 403},
        {"text": "not JSON"},
        {"json": {"another": "program"}},
        {"json": [1, 2]},
        {"json": None},
        {"json": [{"id": "an older server's"}]},
    ],
)
def test_what_is_no_codeindex_is_told(response: dict[str, object]) -> None:
    error = answered(**response)
    assert isinstance(error, UnexpectedAnswer)
    assert "https://code.example.org answered with the status" in str(error)


def test_a_redirect_is_not_followed_with_the_token() -> None:
    error = answered(status_code=302, headers={"Location": "https://sso.example.org/"})
    assert isinstance(error, UnexpectedAnswer)
    assert "https://sso.example.org/" in str(error)


def test_a_proxy_that_finds_no_server_is_told() -> None:
    error = answered(status_code=502, **HTML)
    assert isinstance(error, ServerFailed)
    assert "502" in str(error)


def test_nobody_listens() -> None:
    with Client("http://127.0.0.1:9") as client, pytest.raises(Unreachable, match="Is the server"):
        client.repositories()


class Slow(BaseHTTPRequestHandler):
    """Answers never."""

    def do_GET(self) -> None:
        threading.Event().wait(5)


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    server.daemon_threads = True
    server.block_on_close = False
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_a_server_that_does_not_answer(server: ThreadingHTTPServer) -> None:
    address = f"http://127.0.0.1:{server.server_port}"
    with Client(address, timeout=0.2) as client, pytest.raises(Unreachable, match="in time"):
        client.repositories()


@pytest.mark.parametrize("scheme", ["https", "HTTPS"])
def test_a_certificate_that_nobody_vouches_for(
    server: ThreadingHTTPServer, tmp_path: Path, scheme: str
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own_certificate(tmp_path / "own.pem"))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    address = f"{scheme}://localhost:{server.server_port}"
    with Client(address) as client, pytest.raises(Unreachable, match=r"self-signed.*SSL_CERT_FILE"):
        client.repositories()

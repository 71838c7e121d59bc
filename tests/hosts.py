"""Git hosts on loopback: honest ones, and ones that do not mean well."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

Answer = Callable[[BaseHTTPRequestHandler], None]


class Host(ThreadingHTTPServer):
    """An HTTP server whose every request gets one `answer`. `seen` holds path and Authorization."""

    daemon_threads = True

    def __init__(self, address: str, answer: Answer, port: int) -> None:
        super().__init__((address, port), _Request)
        self.answer = answer
        self.seen: list[tuple[str, str | None]] = []

    @property
    def url(self) -> str:
        return f"http://{self.server_address[0]}:{self.server_port}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that leaves is what several tests are about."""


class _Request(BaseHTTPRequestHandler):
    server: Host

    def do_GET(self) -> None:
        self.server.seen.append((self.path, self.headers["Authorization"]))
        self.server.answer(self)

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Keep the test's output clean."""


@contextmanager
def serving(
    answer: Answer,
    address: str = "127.0.0.1",
    port: int = 0,
    tls: ssl.SSLContext | None = None,
) -> Iterator[Host]:
    with Host(address, answer, port) as host:
        if tls:
            host.socket = tls.wrap_socket(host.socket, server_side=True)
        Thread(target=host.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield host
        host.shutdown()


def git_repositories(folder: Path) -> Answer:
    """Serves the repositories in a folder by git's own program."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        path, _, query = request.path.partition("?")
        length = int(request.headers["Content-Length"] or 0)
        done = subprocess.run(
            ["git", "http-backend"],
            input=request.rfile.read(length),
            capture_output=True,
            check=True,
            env=os.environ
            | {
                "GIT_PROJECT_ROOT": str(folder),
                "GIT_HTTP_EXPORT_ALL": "1",
                "GIT_CONFIG_GLOBAL": "/dev/null",
                "GIT_PROTOCOL": request.headers["Git-Protocol"] or "",
                "HTTP_CONTENT_ENCODING": request.headers["Content-Encoding"] or "",
                "CONTENT_TYPE": request.headers["Content-Type"] or "",
                "PATH_INFO": path,
                "QUERY_STRING": query,
                "REQUEST_METHOD": request.command,
            },
        ).stdout
        head, _, body = done.partition(b"\r\n\r\n")
        fields = [line.split(": ", 1) for line in head.decode().split("\r\n")]
        status = next((int(value[:3]) for name, value in fields if name == "Status"), 200)
        request.send_response(status)
        for name, value in fields:
            if name != "Status":
                request.send_header(name, value)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    return answer


def guarded(answer: Answer) -> Answer:
    """Asks for credentials before it answers."""

    def ask(request: BaseHTTPRequestHandler) -> None:
        if request.headers["Authorization"]:
            return answer(request)
        request.rfile.read(int(request.headers["Content-Length"] or 0))
        request.send_response(401)
        request.send_header("WWW-Authenticate", 'Basic realm="git"')
        request.send_header("Content-Length", "0")
        request.end_headers()

    return ask


def redirecting(target: str) -> Answer:
    """Sends whoever asks to the same path of another host."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(302)
        request.send_header("Location", f"{target}{request.path}")
        request.send_header("Content-Length", "0")
        request.end_headers()

    return answer


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def wait_for(port: int) -> None:
    """Until somebody listens there."""
    for _ in range(100):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.05)
    raise TimeoutError


def trickling(request: BaseHTTPRequestHandler) -> None:
    """A byte now and then, for longer than any test."""
    request.send_response(200)
    request.send_header("Content-Type", "application/x-git-upload-pack-advertisement")
    request.end_headers()
    for _ in range(1_000):
        request.wfile.write(b"0")
        time.sleep(0.1)

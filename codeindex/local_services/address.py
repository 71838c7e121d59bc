"""The web server's address: whether its port is free, and whether it responds."""

from __future__ import annotations

import errno
import http.client
import socket
import time

from codeindex.local_services.state import CannotStart

_ANSWER_SECONDS = 2.0
_RELEASE_SECONDS = 3.0
_POLL_SECONDS = 0.1
_WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  only compared with


def authority(host: str, port: int) -> str:
    """Host and port as a URL writes them."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def url(host: str, port: int) -> str:
    """A URL that a browser on this machine can open."""
    return f"http://{authority(_WILDCARDS.get(host, host), port)}/"


def refuse_taken(host: str, port: int) -> None:
    """Raises CannotStart if the server cannot listen there. Waits for a port that a killed process
    is still releasing: the kernel closes its sockets a moment after it has died."""
    deadline = time.monotonic() + _RELEASE_SECONDS
    while True:
        try:
            return _listen(host, port)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                place = authority(host, port)
                raise CannotStart(f"Cannot listen on {place}: {error.strerror}.") from None
            if time.monotonic() > deadline:
                raise CannotStart(
                    f"Port {port} is already in use. Choose another with PORT=…."
                ) from None
        time.sleep(_POLL_SECONDS)


def _listen(host: str, port: int) -> None:
    family, kind, protocol, _, place = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    with socket.socket(family, kind, protocol) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(place)
        listener.listen()


def answers(host: str, port: int, allowed_hosts: list[str]) -> bool:
    """Whether the application responds to a health check."""
    name = next((each for each in allowed_hosts if each[:1] not in {"*", "."}), host)
    client = http.client.HTTPConnection(_WILDCARDS.get(host, host), port, timeout=_ANSWER_SECONDS)
    try:
        client.request("GET", "/health", headers={"Host": name})
        return client.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        client.close()

"""Where the web server listens: whether the port is free, and whether the page answers."""

from __future__ import annotations

import errno
import http.client
import socket

from codeindex.embedded.state import CannotStart

_ANSWER_SECONDS = 2.0
_WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}


def authority(host: str, port: int) -> str:
    """Host and port as they stand in a URL."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def url(host: str, port: int) -> str:
    """An address that a browser on this machine can open."""
    return f"http://{authority(_WILDCARDS.get(host, host), port)}/"


def refuse_taken(host: str, port: int) -> None:
    """Raises CannotStart if the server could not listen there."""
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(place)
            listener.listen()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise CannotStart(f"Port {port} is taken: choose another with PORT=….") from None
        raise CannotStart(f"Cannot listen on {authority(host, port)}: {error.strerror}.") from None


def answers(host: str, port: int, allowed_hosts: list[str]) -> bool:
    """Whether the application serves its health page."""
    name = next((each for each in allowed_hosts if each[:1] not in {"*", "."}), host)
    client = http.client.HTTPConnection(_WILDCARDS.get(host, host), port, timeout=_ANSWER_SECONDS)
    try:
        client.request("GET", "/health", headers={"Host": name})
        return client.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        client.close()

"""The file in the state folder with which the web server tells commands of this machine where it
listens, and the key that they sign requests with (`codeindex.client.local_server`)."""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from codeindex.client import local_server
from codeindex.client.local_server import LocalServer


def announce(folder: Path, server: LocalServer) -> None:
    """Writes the file, for its owner alone. Raises OSError."""
    number, name = tempfile.mkstemp(dir=folder)  # of mode 0600
    with os.fdopen(number, "w", encoding="utf-8") as file:
        json.dump(asdict(server), file)
    os.replace(name, folder / local_server.FILE)


def withdraw(folder: Path, key: str) -> None:
    """Removes the file, unless a server with another key has announced itself since."""
    announced = local_server.in_folder(folder)
    if announced and announced.key == key:
        with suppress(OSError):
            (folder / local_server.FILE).unlink()


def proxy_headers(allowed_hosts: list[str], *, behind_tls: bool) -> dict[str, str]:
    """The headers of a request that reaches the server past its proxy: a host name that it may be
    called by, and the scheme."""
    named = [host.removeprefix(".") for host in allowed_hosts if host != "*"]
    headers = {"X-Forwarded-Proto": "https"} if behind_tls else {}
    if not named or {"*", "127.0.0.1"} & set(allowed_hosts):
        return headers
    return {**headers, "Host": named[0]}

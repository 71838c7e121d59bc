"""The server of this machine, which whoever may read its state folder can ask without a token.

While it runs, a file in the state folder, for its owner alone, has its address and a key. A request
that is signed with the key acts for the first administrator. The key itself is never sent, so that
another program that listens at the address learns nothing from a request; a signature holds for one
method, address and body, and for a minute."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote_to_bytes

import httpx

from codeindex.client.client import TIMEOUT_SECONDS, Client

SCHEME = "local"
"""Of the Authorization header: `local TIME SIGNATURE`, in seconds since 1970 and hexadecimal
digits."""

VALID_SECONDS = 60
FILE = "server.json"


@dataclass(frozen=True, slots=True)
class LocalServer:
    """What the file says. `headers` are those with which the server takes a request for one that
    came through its proxy."""

    url: str
    key: str
    headers: dict[str, str]

    def client(self, timeout: float = TIMEOUT_SECONDS) -> Client:
        """A client that signs its requests, and uses no proxy of the environment."""
        return Client(
            self.url,
            timeout=timeout,
            headers=self.headers,
            auth=Signed(self.key),
            transport=httpx.HTTPTransport(verify=False),  # it is called without TLS
        )


class Signed(httpx.Auth):
    requires_request_body = True

    def __init__(self, key: str, clock: Callable[[], float] = time.time) -> None:
        self._key = key
        self._clock = clock

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        now = int(self._clock())
        path, _, query = request.url.raw_path.decode("ascii").partition("?")
        signed = signature(
            self._key, now, request.method, unquote_to_bytes(path), query, request.content
        )
        request.headers["Authorization"] = f"{SCHEME} {now} {signed}"
        yield request


def signature(key: str, now: int, method: str, path: bytes, query: str, body: bytes) -> str:
    """HMAC-SHA-256 in hexadecimal digits. `path` is unquoted, and `query` as it is sent."""
    digests = (hashlib.sha256(content).hexdigest() for content in (path, body))
    signed = [str(now), method, query, *digests]
    return hmac.new(key.encode(), "\n".join(signed).encode(), hashlib.sha256).hexdigest()


def new_key() -> str:
    return secrets.token_hex(32)


def in_folder(home: Path) -> LocalServer | None:
    """The server of a state folder; None if it does not run, or if its file cannot be read. One
    that was killed has left its file."""
    try:
        own = json.loads((home / FILE).read_text(encoding="utf-8"))
        return LocalServer(own["url"], own["key"], own["headers"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def usual_folder() -> Path | None:
    """The state folder that CODEINDEX_HOME names, or that of the clone in which this module lies;
    None if there is neither."""
    if named := os.environ.get("CODEINDEX_HOME", "").strip():
        return Path(named).expanduser().absolute()
    clone = Path(__file__).parents[2]
    return clone / ".codeindex" if (clone / "manage.py").is_file() else None

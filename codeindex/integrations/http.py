"""Requests to code hosts and to webhooks of others.

Connections go through the proxy that checks the addresses of a fetch, so that neither an address
that a user entered nor a redirect nor an answer of a name server leads to a refused network. An
answer is bounded in size and time.
"""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from threading import Event, Timer
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

import httpx
from django.conf import settings

from codeindex.ingestion.cloning import proxy
from codeindex.ingestion.cloning.proxy import Proxy, Resolve

CONNECT_SECONDS = 20.0
READ_SECONDS = 30.0
"""How long a host may be silent."""

EXCHANGE_SECONDS = 90.0
"""How long one request and its answer may take."""

LARGEST = 10 << 20
"""Bytes of an answer."""

MOST_REDIRECTS = 3
LONGEST_WAIT = 24 * 3600.0
"""Seconds that a host may ask us to wait."""

TOO_SLOW = "The host did not answer in time."
TOO_MANY = "The host is receiving too many requests."

NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class HostError(Exception):
    """The host did not answer as it should; the message says why, for users. `wait` is how many
    seconds it asks us to wait, if it does."""

    def __init__(self, message: str, wait: float | None = None) -> None:
        super().__init__(message)
        self.wait = wait


class Forbidden(HostError):
    """The host answered 403: the token does not allow it."""


class NotFound(HostError):
    """The host answered 404."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful answer: its JSON, and the address of the next page ("" if it is the last)."""

    json: Any
    next: str = ""


class Client:
    """Asks one host; each exchange takes `seconds` at most."""

    def __init__(self, client: httpx.Client, forward: Proxy, seconds: float) -> None:
        self._client = client
        self._forward = forward
        self._seconds = seconds

    def get(self, url: str) -> Answer:
        """The JSON at `url`. Redirects are followed within the same origin. Raises `HostError`."""
        for _ in range(MOST_REDIRECTS + 1):
            response, body = self._exchange("GET", url, None, {"Accept": "application/json"})
            if not response.has_redirect_location:
                _check(response)
                following = response.links.get("next", {}).get("url", "")
                return Answer(_parsed(response, body), following)
            target = str(response.next_request.url) if response.next_request else ""
            if origin(target) != origin(url):
                raise HostError(
                    "The host redirects to another address, which is not followed. If the code"
                    " host has moved, change its address."
                )
            url = target
        raise HostError("The host redirects again and again.")

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """Send `body` and return the status. Redirects are not followed. Raises `HostError`."""
        response, _ = self._exchange("POST", url, body, headers)
        return response.status_code

    def _exchange(
        self, method: str, url: str, content: bytes | None, headers: Mapping[str, str]
    ) -> tuple[httpx.Response, bytes]:
        with self._deadline() as is_over:
            try:
                with self._client.stream(method, url, content=content, headers=headers) as response:
                    body = _body(response)
            except httpx.TimeoutException as error:
                raise HostError(TOO_SLOW) from error
            except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
                reason = self._forward.error or _explain(error)
                raise HostError(TOO_SLOW if is_over() else reason) from error
            if is_over():  # what was cut off there can look whole
                raise HostError(TOO_SLOW)
            return response, body

    @contextmanager
    def _deadline(self) -> Iterator[Callable[[], bool]]:
        """End the connections after `seconds`, unless the block has ended before: the
        client's own timeout begins anew with each byte that a host sends. Gives whether that has
        happened."""
        over = Event()

        def end() -> None:
            over.set()
            self._forward.drop()

        timer = Timer(self._seconds, end)
        timer.daemon = True
        timer.start()
        try:
            yield over.is_set
        finally:
            timer.cancel()


@contextmanager
def connected(
    url: str,
    headers: Mapping[str, str] = NO_HEADERS,
    resolve: Resolve = proxy.resolve,
    seconds: float | None = None,
) -> Iterator[Client]:
    """A client for the origin of `url` that sends `headers` along. Each of its exchanges takes at
    most `seconds`, or else `EXCHANGE_SECONDS`."""
    refused = settings.CODEINDEX_REFUSED_NETWORKS
    with (
        proxy.serving(refused, urlsplit(url).scheme, resolve) as forward,
        httpx.Client(
            proxy=httpx.Proxy(f"socks5h://codeindex:{forward.password}@{forward.address}"),
            # Compressed answers could be small and still fill the memory.
            headers={"User-Agent": "codeindex", "Accept-Encoding": "identity", **headers},
            timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
            verify=ssl.create_default_context(),
            trust_env=False,
        ) as client,
    ):
        yield Client(client, forward, EXCHANGE_SECONDS if seconds is None else seconds)


def origin(url: str) -> str:
    """Scheme, host and port."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.hostname}:{port}"


def check_next(following: str, base: str) -> None:
    """Raises `HostError` if the next page of an answer is not where `base` is."""
    if following and origin(following) != origin(base):
        raise HostError("The host names a next page at another address.")


def _body(response: httpx.Response) -> bytes:
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise HostError("The host's answer is compressed, though that was not asked for.")
    body = bytearray()
    for piece in response.iter_raw():
        body += piece
        if len(body) > LARGEST:
            raise HostError(f"The host's answer is larger than {LARGEST >> 20} MiB.")
    return bytes(body)


def _check(response: httpx.Response) -> None:
    """Raises `HostError` unless the answer is a success."""
    status, wait = response.status_code, _wait(response.headers)
    if status < 300:
        return
    if status == 401:
        raise HostError(
            "The host refused the token: it is wrong, has expired or was revoked. Give the code"
            " host another token."
        )
    if status == 429 or (status == 403 and wait is not None):
        raise HostError(TOO_MANY, wait)
    if status == 403:
        raise Forbidden("The token does not allow to list these repositories.")
    if status == 404:
        raise NotFound("The host knows no such organisation, group or user, or hides it.")
    if status >= 500:
        raise HostError(f"The host answered with a server error ({status}).", wait)
    raise HostError(f"The host refused the request ({status}).")


def _wait(headers: httpx.Headers) -> float | None:
    """The seconds that a host asks us to wait: by Retry-After, or until its limit is reset."""
    if later := headers.get("Retry-After"):
        return _bounded(_seconds(later))
    if headers.get("X-RateLimit-Remaining") == "0":
        try:
            reset = float(headers.get("X-RateLimit-Reset", ""))
        except ValueError:
            return None
        return _bounded(reset - time.time())
    return None


def _seconds(later: str) -> float:
    if later.isdecimal():
        return float(later[:9])
    try:
        return (parsedate_to_datetime(later) - datetime.now(UTC)).total_seconds()
    except (TypeError, ValueError):
        return 60.0


def _bounded(seconds: float) -> float:
    return min(max(seconds, 1.0), LONGEST_WAIT) if seconds == seconds else LONGEST_WAIT


def _parsed(response: httpx.Response, body: bytes) -> Any:
    try:
        if "json" not in response.headers.get("Content-Type", ""):
            raise ValueError
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise HostError(
            "The host answered with something other than JSON. Check the kind and the address of"
            " the code host."
        ) from error


def _explain(error: Exception) -> str:
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return "The host's TLS certificate cannot be verified."
    if isinstance(error, httpx.ConnectError | httpx.ProxyError):
        return "Could not connect to the host. Check the address, or try again later."
    return "The host closed the connection, or its answer is not HTTP."

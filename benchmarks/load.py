"""Queries put to a web server over HTTP, by one client or by many, and how long that took."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

import numpy as np

PERCENTILES = (50, 95, 99)


@dataclass(frozen=True, slots=True)
class Load:
    """How long each of some calls took, in seconds, and how long all of them."""

    took: Sequence[float]
    whole: float

    @property
    def rate(self) -> float:
        """Calls a second."""
        return len(self.took) / self.whole

    def percentile(self, share: int) -> float:
        """In milliseconds."""
        return 1000 * float(np.percentile(self.took, share))

    def __str__(self) -> str:
        shown = "  ".join(f"p{share} {self.percentile(share):7.1f} ms" for share in PERCENTILES)
        return f"{shown}  {self.rate:7.1f} a second"


class Client:
    """A connection that is kept, as a program that asks much keeps it."""

    def __init__(self, url: str, token: str, results: int) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
        self._headers = {"Authorization": f"Token {token}"}
        self._results = results

    def search(self, query: str) -> bytes:
        """The answer of the REST API; RuntimeError if it is none."""
        path = f"/api/v1/search?limit={self._results}&q={quote(query)}"
        self._connection.request("GET", path, headers=self._headers)
        response = self._connection.getresponse()
        body = response.read()
        if response.status != http.client.OK:
            raise RuntimeError(f"{response.status} for {query!r}: {body[:200]!r}")
        return body


def alone(call: Callable[[str], object], queries: Sequence[str]) -> Load:
    """One call after the other."""
    began = time.perf_counter()
    return Load([_timed(call, query) for query in queries], time.perf_counter() - began)


def together(calls: Sequence[Callable[[str], object]], queries: Sequence[str]) -> Load:
    """Each of `calls` in a thread of its own, with its share of the queries."""
    shares = [queries[start :: len(calls)] for start in range(len(calls))]
    began = time.perf_counter()
    with ThreadPoolExecutor(len(calls)) as threads:
        loads = list(threads.map(alone, calls, shares))
    whole = time.perf_counter() - began
    return Load([seconds for load in loads for seconds in load.took], whole)


def _timed(call: Callable[[str], object], query: str) -> float:
    began = time.perf_counter()
    call(query)
    return time.perf_counter() - began

"""Latency and throughput of queries to a web server over HTTP, from one client or several."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

import numpy as np
from more_itertools import distribute

PERCENTILES = (50, 95, 99)


@dataclass(frozen=True, slots=True)
class Latencies:
    """The seconds that each of some calls took, and the seconds from the first to the last."""

    calls: Sequence[float]
    elapsed: float

    @property
    def rate(self) -> float:
        """Calls per second."""
        return len(self.calls) / self.elapsed

    def percentile(self, share: int) -> float:
        """In milliseconds."""
        return 1000 * float(np.percentile(self.calls, share))

    def __str__(self) -> str:
        shown = "  ".join(f"p{share} {self.percentile(share):7.1f} ms" for share in PERCENTILES)
        return f"{shown}  {self.rate:7.1f} a second"


class Client:
    """A client of the REST API that keeps its connection open."""

    def __init__(self, url: str, token: str, results: int) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
        self._headers = {"Authorization": f"Token {token}"}
        self._results = results

    def search(self, query: str) -> bytes:
        """The body of the response. Raises RuntimeError for any other status than 200."""
        path = f"/api/v1/search?limit={self._results}&q={quote(query)}"
        self._connection.request("GET", path, headers=self._headers)
        response = self._connection.getresponse()
        body = response.read()
        if response.status != http.client.OK:
            raise RuntimeError(f"{response.status} for {query!r}: {body[:200]!r}")
        return body


def time_sequentially(call: Callable[[str], object], queries: Sequence[str]) -> Latencies:
    """Calls with one query after the other."""
    began = time.perf_counter()
    return Latencies([_timed(call, query) for query in queries], time.perf_counter() - began)


def time_concurrently(
    calls: Sequence[Callable[[str], object]], queries: Sequence[str]
) -> Latencies:
    """Runs each of `calls` in a thread of its own, with its share of the queries."""
    shares = list(map(list, distribute(len(calls), queries)))
    began = time.perf_counter()
    with ThreadPoolExecutor(len(calls)) as threads:
        measured = list(threads.map(time_sequentially, calls, shares))
    elapsed = time.perf_counter() - began
    return Latencies([seconds for each in measured for seconds in each.calls], elapsed)


def _timed(call: Callable[[str], object], query: str) -> float:
    began = time.perf_counter()
    call(query)
    return time.perf_counter() - began

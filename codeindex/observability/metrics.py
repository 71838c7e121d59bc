"""The metrics of a web process: requests, searches by stage, connections; and those of the whole
installation, from the database (`codeindex.observability.collector`).

Imported by web processes, after the folder of shared values has been chosen."""

from __future__ import annotations

import os
from collections.abc import Mapping

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.multiprocess import MultiProcessCollector

from codeindex.observability.collector import InstallationCollector
from codeindex.observability.shared_values import VARIABLE
from codeindex.observability.stages import Operation

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
STAGE_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

REQUESTS = Counter(
    "codeindex_http_requests_total",
    "Requests by route, method and status of the response",
    ["route", "method", "status"],
)
REQUEST_SECONDS = Histogram(
    "codeindex_http_request_seconds",
    "Time from receiving a complete request to its response",
    ["route"],
    buckets=SECONDS,
)
OPERATION_SECONDS = Histogram(
    "codeindex_search_seconds",
    "Time of a search in the engine, by operation: search, lines, similar or references",
    ["operation"],
    buckets=SECONDS,
)
STAGE_SECONDS_TAKEN = Histogram(
    "codeindex_search_stage_seconds",
    "Time of each stage of a search",
    ["operation", "stage"],
    buckets=STAGE_SECONDS,
)
COUNTS = Counter(
    "codeindex_search_candidates_total",
    "Candidates of searches by source, and the results that were shown",
    ["operation", "kind"],
)
CONNECTIONS = Gauge(
    "codeindex_web_connections",
    "Open connections by activity",
    ["activity"],
    multiprocess_mode="livesum",
)


def known_method(method: str | None) -> str:
    """The method, or `other`, so that clients cannot create labels."""
    return method if method in METHODS else "other"


def observe_request(route: str, method: str | None, status: int, seconds: float) -> None:
    """`route` is the name of a route in the URL configuration, or `none`."""
    REQUESTS.labels(route, known_method(method), str(status)).inc()
    REQUEST_SECONDS.labels(route).observe(seconds)


def observe_operation(operation: Operation) -> None:
    OPERATION_SECONDS.labels(operation.name).observe(operation.seconds)
    for stage, seconds in operation.seconds_by_stage().items():
        STAGE_SECONDS_TAKEN.labels(operation.name, stage).observe(seconds)
    for kind, number in operation.counts.items():
        COUNTS.labels(operation.name, kind).inc(number)


def observe_connections(by_activity: Mapping[str, int]) -> None:
    for activity, number in by_activity.items():
        CONNECTIONS.labels(activity).set(number)


def registry() -> CollectorRegistry:
    """The metrics of all processes of this server, and those of the installation."""
    whole = CollectorRegistry()
    if os.environ.get(VARIABLE):
        MultiProcessCollector(whole)  # type: ignore[no-untyped-call]
    else:
        whole.register(REGISTRY)  # of this process alone
    whole.register(InstallationCollector())
    return whole

"""What a search pays for being observed: its id and log line, its metrics, and its stages.

    python -m benchmarks.observability

Prints microseconds of processor time, the median of rounds. It needs no database, and keeps its log
lines, in JSON, in memory."""

from __future__ import annotations

import logging
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import django
from django.http import HttpResponse
from django.test import RequestFactory

from codeindex.observability.shared_values import SharedValues

ROUNDS, REQUESTS = 20, 500

STAGES = (
    *("load encoder", "scope", "weigh words", "names", "words", "file names", "encode", "vectors"),
    *("messages", "evidence", "lower", "rank", "show", "excerpts", "correction", "names"),
)
STATEMENTS = 20


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "codeindex.settings"
    os.environ["CODEINDEX_LOG_FORMAT"] = "json"
    with tempfile.TemporaryDirectory() as folder:
        values = SharedValues(Path(folder) / "metrics")  # before Django loads the metrics
        django.setup()
        measure()
        values.remove()


def measure() -> None:
    # Here, since they keep their values where the variable says
    from codeindex.observability import metrics, stages
    from codeindex.observability.slow import SlowOperations
    from codeindex.observability.stages import Operation
    from codeindex.web.observability.middleware import ObservedRequests

    logging.getLogger().handlers[0].setStream(StringIO())  # type: ignore[attr-defined]
    request = RequestFactory().get("/?q=words")
    response = HttpResponse("ok")
    middleware = ObservedRequests(lambda _: response)

    def operation() -> None:
        with stages.operation("search"):
            for name in STAGES:
                with stages.stage(name):
                    pass
            for _ in range(STATEMENTS):
                stages.note_statement("SELECT", (), {}, 0.001)
            stages.count(words=50, vectors=50, results=10)

    heard: list[Operation] = []
    stages._listeners.clear()
    unheard = microseconds(operation)
    stages.listen("keeper", heard.append)
    operation()
    stages._listeners.clear()
    stages.listen("metrics", metrics.observe_operation)
    stages.listen("slow", SlowOperations(2_000))
    rows = [
        ("id, log line and counts of a request", microseconds(lambda: middleware(request))),
        ("of that the counts", microseconds(
            lambda: metrics.observe_request("search", "GET", 200, 0.05))),
        ("stages of a search, with metrics", microseconds(operation)),
        ("of that the metrics", microseconds(lambda: metrics.observe_operation(heard[0]))),
        ("stages where nobody listens (commands)", unheard),
    ]  # fmt: skip
    for what, taken in rows:
        print(f"{taken:8.1f} µs  {what}")


def microseconds(function: Callable[[], object]) -> float:
    """The processor time of one call, the median of ROUNDS."""
    rounds = []
    for _ in range(ROUNDS):
        began = time.thread_time()
        for _ in range(REQUESTS):
            function()
        rounds.append((time.thread_time() - began) / REQUESTS)
    return 1e6 * statistics.median(rounds)


if __name__ == "__main__":
    main()

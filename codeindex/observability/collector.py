"""The figures of the installation as metrics of Prometheus. Every web server exports the same ones:
`max without (instance)` keeps one of each."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence

from django.db import Error
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from codeindex.databases import replica
from codeindex.models import GpuState
from codeindex.observability import installation
from codeindex.observability.installation import WORST, Done, Installation, Lag

LAGS = (60, 300, 900, 3_600, 21_600, 86_400, 604_800)
"""Seconds. The branches that are further behind are counted for each of them."""

Samples = Iterable[tuple[Sequence[str], float]]

logger = logging.getLogger(__name__)


class InstallationCollector(Collector):
    """Reads the figures at each scrape, at most every few seconds. If they cannot be read,
    `codeindex_installation_readable` is 0 and the others are missing."""

    def __init__(self, read: Callable[[], Installation] = installation.recent) -> None:
        self._read = read

    def describe(self) -> list[Metric]:
        return []  # so that registering reads nothing

    def collect(self) -> Iterator[Metric]:
        try:
            figures = self._read()
        except Error:
            logger.warning("The figures of the installation cannot be read.", exc_info=True)
            yield _gauge("installation_readable", READABLE, [], [((), 0)])
            return
        yield _gauge("installation_readable", READABLE, [], [((), 1)])
        yield from _of_work_that_waits(figures)
        yield from _of_branches(figures)
        yield from _of_work_done(figures.done)
        yield from _of_gpus(figures.gpus)
        yield from _of_the_index(figures)
        yield from _of_the_replica()


READABLE = "1 if the figures of the installation could be read from the database, otherwise 0"


def _of_work_that_waits(figures: Installation) -> Iterator[Metric]:
    broker = 0 if figures.queues is None else 1
    yield _gauge("broker_up", "1 if the broker can be reached", [], [((), broker)])
    yield _gauge(
        "queue_messages",
        "Messages in the broker, by queue; they only wake workers",
        ["queue"],
        [((name,), count) for name, count in (figures.queues or {}).items()],
    )
    for name, help_text, value in (
        ("texts_pending", "Texts without a vector, counted up to a million", figures.texts_pending),
        ("drafts", "Draft vectors to be refined, counted up to a million", figures.drafts),
        ("vectors", "Vectors in all spaces, estimated", figures.vectors),
        (
            "oldest_pending_text_seconds",
            "Age of the oldest work that waits for vectors; 0 if there is none",
            figures.oldest_pending_seconds,
        ),
        (
            "oldest_queued_run_seconds",
            "Age of the oldest index run that no worker has started; 0 if there is none",
            figures.oldest_queued_seconds,
        ),
    ):
        yield _gauge(name, help_text, [], [((), value)])
    yield _gauge(
        "index_runs_unfinished",
        "Unfinished index runs by status, without those of paused repositories",
        ["status"],
        [((status,), count) for status, count in figures.runs_unfinished.items()],
    )
    ended = {"published": 0, "failed": 0, "cancelled": 0} | dict(figures.runs_ended)
    yield _gauge(
        "index_runs_ended_last_hour",
        "Index runs that ended within the last hour, by outcome",
        ["status"],
        [((status,), count) for status, count in ended.items()],
    )


def _of_branches(figures: Installation) -> Iterator[Metric]:
    yield _gauge(
        "branches", "Branches whose host is polled for new commits", [], [((), figures.branches)]
    )
    yield _gauge(
        "branches_unreachable",
        "Branches whose host did not answer the last poll",
        [],
        [((), figures.branches_unreachable)],
    )
    yield _gauge(
        "branches_behind",
        "Branches whose newest commit has not been searchable for more than this many seconds",
        ["seconds"],
        [((str(limit),), sum(lag.seconds > limit for lag in figures.lags)) for limit in (0, *LAGS)],
    )
    yield _gauge(
        "repository_lag_seconds",
        f"How long a repository has been behind its host: the {WORST} longest",
        ["repository"],
        [((str(lag.repository),), lag.seconds) for lag in _worst(figures.lags)],
    )


def _worst(lags: Sequence[Lag]) -> list[Lag]:
    """The worst lag of each of the repositories that are furthest behind."""
    by_repository: dict[int, Lag] = {}
    for lag in lags:
        by_repository.setdefault(lag.repository, lag)
    return list(by_repository.values())[:WORST]


def _of_work_done(done: Sequence[Done]) -> Iterator[Metric]:
    work = [each for each in done if not each.swept_queue]
    for name, help_text, value in (
        ("work_items", "Definitions read, or texts drafted, encoded or refined", "things"),
        ("work_batches", "Batches that workers completed", "batches"),
        ("work_seconds", "Time that workers spent on batches", "seconds"),
    ):
        yield _counter(
            name,
            f"{help_text}, by stage and machine",
            ["stage", "host"],
            [((each.stage, each.host), float(getattr(each, value))) for each in work],
        )
    swept: dict[str, float] = {}
    for each in done:
        if queue := each.swept_queue:
            swept[queue] = min(each.age, swept.get(queue, each.age))
    yield _gauge(
        "sweep_age_seconds",
        "Time since a worker of the queue last swept for waiting work",
        ["queue"],
        [((queue,), age) for queue, age in swept.items()],
    )


def _of_gpus(states: Sequence[GpuState]) -> Iterator[Metric]:
    gpus = [((each.host, str(each.number), each.name), each) for each in states]
    labels = ["host", "gpu", "name"]
    yield _gauge(
        "gpu_memory_used_bytes",
        "Memory in use on a GPU",
        labels,
        ((key, gpu.memory_used) for key, gpu in gpus),
    )
    yield _gauge(
        "gpu_memory_bytes", "Memory of a GPU", labels, ((key, gpu.memory) for key, gpu in gpus)
    )
    yield _gauge(
        "gpu_busy_ratio",
        "Utilisation of a GPU when a worker last looked",
        labels,
        ((key, gpu.busy) for key, gpu in gpus if gpu.busy is not None),
    )


def _of_the_index(figures: Installation) -> Iterator[Metric]:
    recall = figures.recall
    yield _gauge(
        "recall_ratio",
        "Recall@10 of the vector index, over the samples of the last day",
        [],
        [] if recall is None else [((), recall)],
    )
    yield _gauge("database_bytes", "Size of the database", [], [((), figures.database_bytes)])
    yield _gauge(
        "disk_free_bytes",
        "Free space on the disk of the state folder",
        [],
        [((), figures.disk_free)],
    )
    yield _gauge(
        "disk_bytes", "Size of the disk of the state folder", [], [((), figures.disk_size)]
    )


def _of_the_replica() -> Iterator[Metric]:
    if not replica.is_configured():
        return
    lag = replica.lag_seconds()
    yield _gauge(
        "replica_answers", "1 if the replica answers searches", [], [((), replica.is_usable())]
    )
    if lag is not None:
        yield _gauge("replica_lag_seconds", "Replication lag of the replica", [], [((), lag)])


def _gauge(name: str, help_text: str, labels: Sequence[str], samples: Samples) -> Metric:
    return _filled(GaugeMetricFamily(f"codeindex_{name}", help_text, labels=labels), samples)


def _counter(name: str, help_text: str, labels: Sequence[str], samples: Samples) -> Metric:
    return _filled(CounterMetricFamily(f"codeindex_{name}", help_text, labels=labels), samples)


def _filled(family: GaugeMetricFamily | CounterMetricFamily, samples: Samples) -> Metric:
    for values, number in samples:
        family.add_metric(list(values), number)
    return family

"""Figures of the whole installation, from the database and the broker, for metrics and the page
Health. Repositories are identified by number, since people who read metrics may not be allowed to
know which repositories exist."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Lock

from django.conf import settings
from django.db import connection, transaction

from codeindex.databases.statements import rows
from codeindex.models import GpuState, RecallSample, RunStatus
from codeindex.observability import queues, recall
from codeindex.observability.work import Stage

COUNTED = 1_000_000
"""The most texts that are counted: counting more would take seconds, and tell nothing new."""

KEPT_SECONDS = 15.0
"""How long each process reuses the figures before it counts again."""

STATEMENT_SECONDS = 5
"""The longest that counting may take."""

WORST = 20
"""How many of the repositories that are furthest behind are listed."""


SWEEP = f"{Stage.SWEEP} "


@dataclass(frozen=True, slots=True)
class Lag:
    """How long a branch has had a commit that is not searchable yet, in seconds."""

    repository: int
    branch: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Done:
    """What the workers of a machine have done in one stage."""

    host: str
    stage: str
    batches: int
    things: int
    seconds: float
    age: float
    """Seconds since the last of it."""

    @property
    def swept_queue(self) -> str:
        """The queue, if the stage is its sweep; otherwise empty."""
        return self.stage.removeprefix(SWEEP) if self.stage.startswith(SWEEP) else ""

    @property
    def per_batch(self) -> float:
        """Things in a batch."""
        return self.things / max(self.batches, 1)

    @property
    def per_second(self) -> float:
        """Things per second of a worker's time."""
        return self.things / max(self.seconds, 1e-3)


@dataclass(frozen=True, slots=True)
class Installation:
    """The figures. Times in seconds, sizes in bytes. `queues` is None without a broker;
    `texts_pending` and `drafts` are counted up to `COUNTED`; `vectors` is an estimate for all
    spaces; `runs_ended` counts those of the last hour by outcome; `lags` has one for each branch
    that is behind, the worst first."""

    queues: Mapping[str, int] | None
    texts_pending: int
    drafts: int
    oldest_pending_seconds: float
    vectors: int
    runs_unfinished: Mapping[str, int]
    oldest_queued_seconds: float
    runs_ended: Mapping[str, int]
    branches: int
    branches_unreachable: int
    lags: Sequence[Lag]
    done: Sequence[Done]
    gpus: Sequence[GpuState]
    recall_samples: Sequence[RecallSample]
    database_bytes: int
    disk_free: int
    disk_size: int

    @property
    def recall(self) -> float | None:
        """That of all samples together, from 0 to 1; None without samples."""
        return recall.latest(self.recall_samples)


def read() -> Installation:
    """Counts everything. Raises `DatabaseError`, also if a count takes too long."""
    return _counted(queues.lengths())


@transaction.atomic
def _counted(waiting: Mapping[str, int] | None) -> Installation:
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL statement_timeout = '{STATEMENT_SECONDS}s'")
    ((pending, oldest_pending),) = rows(_PENDING, [COUNTED])
    unfinished = rows(_UNFINISHED)
    ((branches, unreachable),) = rows(_BRANCHES)
    ((database_bytes, vectors),) = rows(_SIZES)
    disk = shutil.disk_usage(settings.CODEINDEX_HOME)
    queued = [age for status, _, age in unfinished if status == RunStatus.QUEUED]
    return Installation(
        queues=waiting,
        texts_pending=pending,
        drafts=rows(_DRAFTS, [COUNTED])[0][0],
        oldest_pending_seconds=oldest_pending if pending else 0.0,
        vectors=vectors,
        runs_unfinished={status: count for status, count, _ in unfinished},
        oldest_queued_seconds=max(queued, default=0.0),
        runs_ended=dict(rows(_ENDED)),
        branches=branches,
        branches_unreachable=unreachable,
        lags=[Lag(*row) for row in rows(_LAGS)],
        done=[Done(*row) for row in rows(_DONE)],
        gpus=list(GpuState.objects.order_by("host", "number")),
        recall_samples=recall.recent(),
        database_bytes=database_bytes,
        disk_free=disk.free,
        disk_size=disk.total,
    )


class Reader:
    """Keeps the figures of a process for a while."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._read = -KEPT_SECONDS
        self._kept: Installation | None = None

    def __call__(self) -> Installation:
        """Raises `DatabaseError`."""
        with self._lock:
            now = time.monotonic()
            if self._kept is None or now - self._read >= KEPT_SECONDS:
                self._kept, self._read = read(), now
            return self._kept


recent = Reader()


_PENDING = """
SELECT (
    SELECT count(*) FROM (
        SELECT FROM codeindex_embedding AS own
        JOIN codeindex_space AS space ON space.id = own.space_id
        WHERE own.state = 'pending' AND space.state <> 'retired' LIMIT %s
    ) AS pending
), coalesce(extract(epoch FROM now() - least((
    SELECT min(coalesce(run.started, run.created)) FROM codeindex_indexrun AS run
    JOIN codeindex_branch AS branch ON branch.id = run.branch_id
    JOIN codeindex_repository AS repository ON repository.id = branch.repository_id
    WHERE run.finished IS NULL AND run.status <> 'queued' AND NOT repository.paused
), (
    SELECT min(created) FROM codeindex_space WHERE state = 'building'
))), 0)::float8
"""
"""Pending texts have no timestamp: the oldest counts as old as the oldest unfinished run, or as the
oldest space that is being built."""

_DRAFTS = """
SELECT count(*) FROM (SELECT FROM codeindex_embedding WHERE draft LIMIT %s) AS drafts
"""

_UNFINISHED = """
SELECT run.status, count(*), max(extract(epoch FROM clock_timestamp() - run.created))::float8
FROM codeindex_indexrun AS run
JOIN codeindex_branch AS branch ON branch.id = run.branch_id
JOIN codeindex_repository AS repository ON repository.id = branch.repository_id
WHERE run.finished IS NULL AND NOT repository.paused
GROUP BY run.status
"""

_ENDED = """
SELECT status, count(*) FROM codeindex_indexrun
WHERE finished > now() - interval '1 hour' GROUP BY status
"""

_BRANCHES = "SELECT count(*), count(*) FILTER (WHERE failures > 0) FROM codeindex_upstream"

_LAGS = """
SELECT branch.repository_id, branch.id,
    extract(epoch FROM clock_timestamp() - upstream.moved)::float8 AS lag
FROM codeindex_upstream AS upstream
JOIN codeindex_branch AS branch ON branch.id = upstream.branch_id
JOIN codeindex_repository AS repository ON repository.id = branch.repository_id
LEFT JOIN codeindex_indexrun AS live ON live.id = branch.live_run_id
WHERE upstream.head <> '' AND upstream.moved IS NOT NULL AND NOT repository.paused
AND upstream.head <> coalesce(live.commit, '')
ORDER BY lag DESC, branch.id
"""

_DONE = """
SELECT host, stage, batches, things, seconds,
    extract(epoch FROM clock_timestamp() - updated)::float8
FROM codeindex_workdone ORDER BY host, stage
"""
"""By the clock, since a row may be newer than this transaction and its now()."""

_SIZES = """
SELECT pg_database_size(current_database()), greatest(reltuples, 0)::bigint
FROM pg_class WHERE oid = 'codeindex_embedding'::regclass
"""

"""What the pages and the API tell of repositories and their runs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import F

from codeindex.ingestion import progress
from codeindex.ingestion.progress import Progress
from codeindex.models import (
    UNPUBLISHED,
    Embedding,
    EmbeddingState,
    IndexRun,
    Repository,
    RunStatus,
    SpaceState,
)

RUNS = 50
"""Runs of a repository that are told of, the latest."""

FAILURES = 20


@dataclass(frozen=True, slots=True)
class Overview:
    """A repository with its latest run, how far that is, and the runs that are searched."""

    repository: Repository
    latest: IndexRun | None
    progress: Progress | None
    live: list[IndexRun]

    @property
    def definitions(self) -> int:
        """That can be found now."""
        return sum(run.definitions for run in self.live)

    @property
    def can_be_cancelled(self) -> bool:
        return self.latest is not None and self.latest.status in UNPUBLISHED

    @property
    def time_left(self) -> str:
        """Of the present stage, as people say it: 45 s, 3 min, 2 h 5 min; "" if unknown."""
        if self.progress is None or self.progress.seconds_left is None:
            return ""
        minutes, seconds = divmod(self.progress.seconds_left, 60)
        hours, minutes = divmod(minutes, 60)
        if hours:
            return f"{hours} h {minutes} min"
        return f"{minutes + (seconds > 30)} min" if minutes else f"{seconds} s"


@dataclass(frozen=True, slots=True)
class Failure:
    """A definition whose text could not be encoded."""

    path: str
    line: int
    name: str
    reason: str


def of(rows: Iterable[Repository]) -> list[Overview]:
    """An overview of each, in order, by three queries for all."""
    rows = list(rows)
    runs = IndexRun.objects.filter(branch__repository__in=rows).select_related("branch")
    latest = {
        run.branch.repository_id: run
        for run in runs.order_by("branch__repository", "-pk").distinct("branch__repository")
    }
    live: dict[int, list[IndexRun]] = {}
    for run in runs.filter(branch__live_run=F("pk")).order_by("pk"):
        live.setdefault(run.branch.repository_id, []).append(run)
    return [
        Overview(row, run, progress.measure(run) if run else None, live.get(row.pk, []))
        for row in rows
        for run in (latest.get(row.pk),)
    ]


def runs(repository: Repository) -> list[IndexRun]:
    """The latest runs of all branches, the newest first."""
    of_all = IndexRun.objects.filter(branch__repository=repository)
    return list(of_all.select_related("branch", "requested_by")[:RUNS])


def timings(run: IndexRun) -> list[tuple[str, float]]:
    """The stages that the run went through, in order, with their seconds."""
    return [(stage, run.timings[stage]) for stage in RunStatus.values if stage in run.timings]


def failures(repository: Repository) -> list[Failure]:
    """Some of the live definitions that have no vector because their text could not be encoded."""
    failed = Embedding.objects.filter(
        space__state=SpaceState.ACTIVE,
        state=EmbeddingState.FAILED,
        text__definitions__blob__source_files__live=True,
        text__definitions__blob__source_files__branch__repository=repository,
    ).values_list(
        "text__definitions__blob__source_files__path",
        "text__definitions__start_line",
        "text__definitions__qualified_name",
        "reason",
    )
    return [Failure(*row) for row in failed[:FAILURES]]

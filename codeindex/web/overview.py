"""Repositories and their index runs, as the pages and the API show them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import F, QuerySet

from codeindex import repository_lists
from codeindex.ingestion import progress
from codeindex.ingestion.progress import Progress
from codeindex.ingestion.selection import skip_reasons
from codeindex.ingestion.selection.skip_reasons import Explanation
from codeindex.integrations import freshness
from codeindex.integrations.freshness import BranchState
from codeindex.models import (
    Embedding,
    EmbeddingState,
    IndexRun,
    Repository,
    RunStatus,
    SpaceState,
)
from codeindex.repository_lists import State
from codeindex.spaces import refining

RUNS = 50
"""The most runs of a repository that its page lists."""

FAILURES = 20
"""The most failures of a repository that are listed."""

LABELS = {
    State.PAUSED: "paused",
    State.INDEXING: "waiting for a worker",
    State.FAILED: "failed",
    State.BEHIND: "behind its host",
    State.SEARCHABLE: "searchable",
    State.UNINDEXED: "not indexed",
}


@dataclass(frozen=True, slots=True)
class Overview:
    """A repository with its one state, the latest run of each branch, the runs that are live, and
    how fresh the index of each branch is.
    `refined_percent` is the share of all vectors that are refined, None if it is all of them: a
    share of the repository's own would tell which of its texts others hold."""

    repository: Repository
    state: State
    newest: list[IndexRun]
    live: list[IndexRun]
    branches: list[BranchState]
    refined_percent: int | None = None

    @property
    def latest(self) -> IndexRun | None:
        """The run in progress, or else the last one."""
        running = [run for run in self.newest if run.finished is None]
        return next(iter(running or self.newest), None)

    @property
    def progress(self) -> Progress | None:
        return progress.measure(self.latest) if self.latest else None

    @property
    def failed(self) -> list[IndexRun]:
        """The runs whose branches show their errors, since no later one has replaced them."""
        return [run for run in self.newest if run.status == RunStatus.FAILED]

    @property
    def label(self) -> str:
        """The state in words, such as "extracting definitions, 42%"."""
        current = self.progress
        if current is None or current.finished or self.state not in (State.PAUSED, State.INDEXING):
            return LABELS[self.state]
        stage = current.label if current.percent is None else f"{current.label}, {current.percent}%"
        return f"paused while {stage}" if self.state == State.PAUSED else stage

    @property
    def said(self) -> str:
        """What a screen reader is told while the page updates itself: the stage and tens of
        percents, so that it is not told too often."""
        current = self.progress
        if current is None or current.finished or not current.percent:
            return self.label
        return f"{current.label}, {current.percent // 10 * 10}%"

    @property
    def definitions(self) -> int:
        """How many are searchable now."""
        return sum(run.definitions for run in self.live)

    @property
    def can_be_cancelled(self) -> bool:
        return self.latest is not None and self.latest.finished is None

    @property
    def time_left(self) -> str:
        """Time left in the current stage, such as 3 min; "" if unknown."""
        if self.progress is None or self.progress.seconds_left is None:
            return ""
        return readable_duration(self.progress.seconds_left)


@dataclass(frozen=True, slots=True)
class Skip:
    """Files that were skipped for the same reason: how many, some of their paths, and what the
    reason means."""

    reason: str
    count: int
    examples: list[str]
    explanation: Explanation


@dataclass(frozen=True, slots=True)
class Failure:
    """A definition whose text could not be encoded."""

    path: str
    line: int
    name: str
    reason: str


def for_repository(row: Repository) -> Overview:
    (overview,) = for_repositories([row])
    return overview


def for_repositories(rows: Iterable[Repository]) -> list[Overview]:
    """The overviews of all rows, in their order, in a few queries."""
    rows = list(rows)
    states = repository_lists.states(rows)
    runs = IndexRun.objects.filter(branch__repository__in=rows).select_related("branch")
    newest = _by_repository(runs.order_by("branch", "-pk").distinct("branch"))
    live = _by_repository(runs.filter(branch__live_run=F("pk")).order_by("pk"))
    branches = freshness.states(rows)
    percent = refining.active_percent()
    return [
        Overview(
            row,
            states.get(row.pk, State.UNINDEXED),
            sorted(newest.get(row.pk, []), key=lambda run: -run.pk),
            live.get(row.pk, []),
            branches.get(row.pk, []),
            percent,
        )
        for row in rows
    ]


def _by_repository(runs: Iterable[IndexRun]) -> dict[int, list[IndexRun]]:
    grouped: dict[int, list[IndexRun]] = {}
    for run in runs:
        grouped.setdefault(run.branch.repository_id, []).append(run)
    return grouped


def skips(run: IndexRun | None) -> list[Skip]:
    """The files that a run did not index, by reason, most frequent first."""
    by_reason = run.skips.items() if run else ()
    listed = (
        Skip(reason, skipped["count"], skipped["examples"], skip_reasons.explain(reason))
        for reason, skipped in by_reason
    )
    return sorted(listed, key=lambda skip: -skip.count)


def runs(repository: Repository) -> QuerySet[IndexRun]:
    """The runs of all branches, newest first."""
    every = IndexRun.objects.filter(branch__repository=repository)
    return every.select_related("branch", "requested_by")


def state_of_run(run: IndexRun) -> str:
    """In words: one that was searchable and is no longer has been replaced. Reads its branch."""
    if run.status != RunStatus.PUBLISHED:
        return RunStatus(run.status).label
    if run.branch.live_run_id != run.pk:
        return "replaced"
    return "searchable" if run.finished else RunStatus.EMBEDDING.label


def timings(run: IndexRun) -> list[tuple[str, float]]:
    """The stages that the run went through, in order, with their seconds."""
    return [(stage, run.timings[stage]) for stage in RunStatus.values if stage in run.timings]


def duration(run: IndexRun) -> str:
    """The time that all stages took together, such as 3 min; "" before the first has ended."""
    return readable_duration(round(sum(run.timings.values()))) if run.timings else ""


def readable_duration(seconds: int) -> str:
    """45 s, 3 min or 2 h 5 min."""
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes + (seconds > 30)} min" if minutes else f"{seconds} s"


def failures(repository: Repository) -> list[Failure]:
    """Live definitions whose text could not be encoded: up to `FAILURES` of them."""
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

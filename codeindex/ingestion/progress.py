"""How far an index run is, as its row says."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import timezone

from codeindex.models import IndexRun, RunStatus


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is. `done` and `total` count the present stage in its `unit`, of which `rate`
    are done in a second. `percent`, `rate` and `seconds_left` are None while they are unknown."""

    stage: RunStatus
    label: str
    unit: str
    done: int
    total: int
    files: int
    files_read: int
    definitions: int
    texts: int
    texts_ready: int
    texts_failed: int
    texts_reused: int
    percent: int | None
    rate: float | None
    seconds_left: int | None
    finished: bool
    error: str


def displayed_counts(run: IndexRun, ready: int, failed: int) -> dict[str, int]:
    """The counts of texts that the run's row shows. A text that only other repositories hold is
    not shown as ready at once, but in step with the texts that are encoded for this run: the
    counts must not tell that somebody holds it."""
    done, missing = ready + failed, run.texts - run.texts_known
    if done < run.texts and missing > 0:
        share = max(0, done - run.texts_known) / missing
        done = run.texts_reused + int(share * (run.texts - run.texts_reused))
    failed = min(failed, max(0, done - run.texts_reused))
    return {"texts_ready": done - failed, "texts_failed": failed}


def measure(run: IndexRun) -> Progress:
    """Reads nothing: a caller that watches refreshes the run first."""
    stage = RunStatus(run.status)
    if stage == RunStatus.PUBLISHED and not run.finished:
        stage = RunStatus.EMBEDDING
    unit, done, total, reused = {
        RunStatus.DEFINITIONS: ("files", run.files_read, run.files, run.files_reused),
        RunStatus.EMBEDDING: (
            "texts",
            run.texts_ready + run.texts_failed,
            run.texts,
            run.texts_reused,
        ),
    }.get(stage, ("", int(stage == RunStatus.PUBLISHED), 1, 0))
    rate = _rate(run, done - reused)
    return Progress(
        stage=stage,
        label=stage.label,
        unit=unit,
        done=done,
        total=total,
        files=run.files,
        files_read=run.files_read,
        definitions=run.definitions,
        texts=run.texts,
        texts_ready=run.texts_ready,
        texts_failed=run.texts_failed,
        texts_reused=run.texts_reused,
        percent=100 * done // total if unit and total else (100 if done else None),
        rate=rate,
        seconds_left=round((total - done) / rate) if rate else None,
        finished=run.finished is not None,
        error=run.error,
    )


def _rate(run: IndexRun, done: int) -> float | None:
    """Units a second since the stage began, without those that were done before."""
    if run.finished or not run.stage_started or done <= 0:
        return None
    seconds = (timezone.now() - run.stage_started).total_seconds()
    return done / seconds if seconds > 0 else None

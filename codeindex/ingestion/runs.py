"""How an index run ends or changes hands.

State moves by conditional update, so that of two workers, or of a worker and a user who cancels,
one wins and the other finds nothing to do.
"""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from codeindex import audit, leases, outbox
from codeindex.audit import Change
from codeindex.ingestion import counts, store
from codeindex.models import (
    ATTEMPTS,
    UNPUBLISHED,
    UNREAD,
    IndexRun,
    OutgoingEvent,
    RunStatus,
    SourceFile,
)

EMBEDDING_CANCELLED = (
    "The run was cancelled while vectors were computed. Words find every definition; descriptions"
    " find those that have a vector. Index again to compute the others."
)


def awaiting_vectors() -> QuerySet[IndexRun]:
    """The runs whose definitions are stored and whose texts lack vectors, but for paused ones."""
    return IndexRun.objects.unpaused().filter(
        finished=None, status__in=(RunStatus.EMBEDDING, RunStatus.PUBLISHED)
    )


def record_encoder_error(error: str) -> None:
    """Show on every run that waits for vectors why none are computed; "" clears the error."""
    awaiting_vectors().exclude(error=error).update(error=error)


def fail(run: IndexRun, error: str) -> bool:
    """Record why the run ended; what was searchable stays so. False if the lease was lost."""
    return _end(run, RunStatus.FAILED, error, lease=run.lease)


@transaction.atomic
def fail_interrupted() -> None:
    """Fail the runs that were interrupted `ATTEMPTS` times, most likely by crashes of workers."""
    given_up = IndexRun.objects.filter(leases.FREE, status__in=UNREAD, attempts__gte=ATTEMPTS)
    for run in leases.unlocked(given_up):
        fail(
            run,
            f"Indexing was interrupted {ATTEMPTS} times, so it is not tried again. Start it again,"
            " or ask your administrator to look into the workers' log.",
        )


def hand_back(run: IndexRun) -> None:
    """Let another worker take the run. This one was told to stop, so the attempt does not count."""
    _release(run)


def hand_over(run: IndexRun) -> None:
    """Let a worker of large runs take an update that is one."""
    _release(run, large=True)


def _release(run: IndexRun, **changes: object) -> None:
    IndexRun.objects.filter(pk=run.pk, lease=run.lease, status__in=UNREAD).update(
        lease=None, leased_until=None, attempts=F("attempts") - 1, **changes
    )


@transaction.atomic
def cancel(run: IndexRun, *, by: User | None) -> bool:
    """End a run that is in progress; False if it had ended. What it has read but not published is
    deleted. A run that is searchable already stays so, with the vectors that it has. Texts that
    only this run needs are not encoded any further."""
    is_cancelled = _end(run, RunStatus.CANCELLED, "") or _end_embedding(run)
    if is_cancelled:
        repository = run.branch.repository
        audit.record(Change.RUN_CANCELLED, repository.full_name, by=by, details=f"run {run.pk}")
    return is_cancelled


def _end_embedding(run: IndexRun) -> bool:
    """End a published run that lacks vectors; False if it lacks none or has ended."""
    embedding = IndexRun.objects.filter(pk=run.pk, status=RunStatus.PUBLISHED, finished=None)
    row = embedding.select_for_update().first()
    if row is None or counts.embedded(row).done >= row.texts:
        return False
    embedding.update(finished=Now(), error="", notices=[*row.notices, EMBEDDING_CANCELLED])
    store.withdraw_embeddings(SourceFile.objects.filter(branch=row.branch_id))
    return True


@transaction.atomic
def _end(run: IndexRun, status: RunStatus, error: str, **holder: object) -> bool:
    ended = IndexRun.objects.filter(pk=run.pk, status__in=UNPUBLISHED, **holder).update(
        status=status, error=error, finished=Now(), lease=None, leased_until=None
    )
    if ended:
        store.discard_unpublished(run)
        if status == RunStatus.FAILED:
            outbox.record(OutgoingEvent.FAILED, [run])
    return bool(ended)

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
from codeindex.ingestion import store
from codeindex.models import ATTEMPTS, UNPUBLISHED, UNREAD, IndexRun, RunEvent, RunStatus


def awaiting_vectors() -> QuerySet[IndexRun]:
    """The runs whose definitions are stored and whose texts lack vectors."""
    return IndexRun.objects.filter(
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
    IndexRun.objects.filter(pk=run.pk, lease=run.lease, status__in=UNREAD).update(
        lease=None, leased_until=None, attempts=F("attempts") - 1
    )


@transaction.atomic
def cancel(run: IndexRun, *, by: User | None) -> bool:
    """End an unpublished run; False if it had ended or is searchable. Texts that only this run
    holds are not encoded any further."""
    is_cancelled = _end(run, RunStatus.CANCELLED, "")
    if is_cancelled:
        repository = run.branch.repository
        audit.record(Change.RUN_CANCELLED, repository.full_name, by=by, details=f"run {run.pk}")
    return is_cancelled


@transaction.atomic
def _end(run: IndexRun, status: RunStatus, error: str, **holder: object) -> bool:
    ended = IndexRun.objects.filter(pk=run.pk, status__in=UNPUBLISHED, **holder).update(
        status=status, error=error, finished=Now(), lease=None, leased_until=None
    )
    if ended:
        store.discard_unpublished(run)
        if status == RunStatus.FAILED:
            outbox.record(RunEvent.FAILED, [run])
    return bool(ended)

"""From stored definitions to a commit that is searched, and to a run that lacks no vector."""

from __future__ import annotations

import time

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from codeindex import locks, outbox
from codeindex.ingestion import counts, progress, runs
from codeindex.ingestion.counts import Embedded
from codeindex.ingestion.lexical import word_counts
from codeindex.models import (
    UNPUBLISHED,
    Branch,
    IndexRun,
    OutgoingEvent,
    RunStatus,
    SkippedFiles,
    SourceFile,
)
from codeindex.searches import alerts


def start_embedding(run: IndexRun) -> None:
    """The definitions of `run` are stored: from now on it waits for vectors. A branch's first run
    is published at once, so that words find it meanwhile; a later one is published when no vector
    is missing."""
    embedding = IndexRun.objects.filter(pk=run.pk, lease=run.lease, status__in=UNPUBLISHED).update(
        status=RunStatus.EMBEDDING, stage_started=Now(), lease=None, leased_until=None
    )
    if embedding and run.branch.live_run_id is None:
        publish(run)
    run.refresh_from_db()
    if run.texts_known <= run.texts_reused and not counts.awaits_new_vectors(run):
        settle(run)
    # Otherwise an embedder ends the run, even if other repositories hold all that is missing, as if
    # it were new: whoever indexes a guess must not learn at once that it exists.


def settle(run: IndexRun) -> None:
    """Count the run's vectors; publish and finish the run when none is missing. Does nothing to a
    run that was removed meanwhile."""
    counted = counts.embedded(run)
    try:
        run.refresh_from_db()
        displayed = progress.displayed_counts(run, counted.ready, counted.failed)
        IndexRun.objects.filter(pk=run.pk).update(**displayed)
        run.refresh_from_db()
    except IndexRun.DoesNotExist:
        return
    if counted.done < run.texts or run.finished:
        return
    if run.status == RunStatus.EMBEDDING:
        publish(run, counted)
    if run.stage_started:
        embedded = (timezone.now() - run.stage_started).total_seconds()
        run.timings[RunStatus.EMBEDDING] = round(embedded, 3)
    _finish(IndexRun.objects.filter(pk=run.pk), timings=run.timings)


def settle_all() -> None:
    for run in runs.awaiting_vectors():
        settle(run)


class Settler:
    """Settles all runs between batches, for at most a `share` of the time: where there are 100,000
    texts, counting takes about a second."""

    def __init__(self, share: float = 0.05) -> None:
        self._share = share
        self._not_before = 0.0

    def __call__(self) -> None:
        began = time.monotonic()
        if began >= self._not_before:
            settle_all()
            ended = time.monotonic()
            self._not_before = ended + (ended - began) / self._share


@transaction.atomic
def publish(run: IndexRun, counted: Embedded | None = None) -> bool:
    """Make the run's commit the one of its branch that is searched, in one step, and finish the
    branch's earlier runs. What the caller has `counted` is counted again only if another space is
    active by now: in the same one no vector of the run disappears.

    False if the run was published or ended before, or if it lacks vectors in a space that has just
    become active while an earlier commit of the branch is searchable.
    """
    locks.publishing()
    if Branch.objects.filter(pk=run.branch_id, live_run__isnull=False).exists():
        if counted is None or counted.space != counts.active_space():
            counted = counts.embedded(run)
        if counted.done < run.texts:
            return False
    waiting = IndexRun.objects.filter(pk=run.pk, status=RunStatus.EMBEDDING)
    if not waiting.update(status=RunStatus.PUBLISHED, published=Now()):
        return False
    word_counts.update(run)
    SourceFile.objects.filter(until_run=run).update(live=False)
    SourceFile.objects.filter(from_run=run, until_run=None).update(live=True)
    SkippedFiles.objects.filter(run__branch=run.branch_id, run__lt=run.pk).delete()
    Branch.objects.filter(pk=run.branch_id).update(live_run=run)
    _finish(IndexRun.objects.filter(branch=run.branch_id, pk__lt=run.pk))
    return True


@transaction.atomic
def _finish(runs: QuerySet[IndexRun], **values: object) -> None:
    """Finish those of the runs that are published and unfinished, and have that told."""
    unfinished = runs.filter(status=RunStatus.PUBLISHED, finished=None).select_related("branch")
    finishing = list(unfinished.select_for_update(of=("self",)))
    IndexRun.objects.filter(pk__in=[run.pk for run in finishing]).update(finished=Now(), **values)
    outbox.record(OutgoingEvent.FINISHED, finishing)
    alerts.await_comparison(finishing)

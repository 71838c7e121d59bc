"""Celery tasks: they only wake workers. What is to do stands in the database, so that a task that
is lost, killed or delivered twice loses and repeats nothing. The only enqueuer."""

from __future__ import annotations

import logging

from celery import Task, shared_task
from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from kombu.exceptions import OperationalError

from codeindex import leases, repositories, spaces
from codeindex.ingestion import checkout, embedding, forgetting, pipeline, store
from codeindex.models import (
    ATTEMPTS,
    UNPUBLISHED,
    Embedding,
    EmbeddingState,
    IndexRun,
    Repository,
    Space,
    SpaceState,
)

logger = logging.getLogger(__name__)


def request_index(
    *, repository: Repository, branch: str | None = None, requested_by: User | None = None
) -> IndexRun:
    """The unpublished run of a branch of `repository`, made and enqueued if there is none. Its
    first branch, or the one named `branch`, which is added if need be."""
    if branch is None:
        chosen = repository.branches.earliest("pk")
    else:
        chosen, _ = repository.branches.get_or_create(name=branch)
    try:
        with transaction.atomic():
            run = IndexRun.objects.create(branch=chosen, requested_by=requested_by)
    except IntegrityError:
        return IndexRun.objects.get(branch=chosen, status__in=UNPUBLISHED)
    transaction.on_commit(lambda: _enqueue(index_run, run.pk))
    return run


@shared_task(ignore_result=True)
def index_run(run_id: int) -> None:
    if pipeline.index(run_id):
        wake_embedders()


@shared_task(ignore_result=True)
def embed_pending(limit: int = embedding.FIRST_BATCH) -> None:
    """One batch, and the next one behind whatever else waits."""
    next_limit = embed_batch(limit)
    if next_limit:
        _enqueue(embed_pending, next_limit)
    else:
        for space in spaces.unindexed():
            _enqueue(build_index, space.pk)


def embed_batch(limit: int) -> int | None:
    """Encode a batch and settle the runs that waited for it; how many the next batch should have,
    or None where nothing was left. An encoder that fails is told of on every run that waits."""
    try:
        next_limit = embedding.encode_batch(limit)
    except Exception as error:
        repositories.complain(f"Nothing can be encoded: {error}")
        raise
    repositories.complain("")
    if next_limit:
        repositories.settle_in_passing()
    else:
        repositories.settle_all()
    return next_limit


@shared_task(ignore_result=True)
def build_index(space_id: int) -> None:
    spaces.build_index(Space.objects.get(pk=space_id))


@shared_task(ignore_result=True)
def sweep() -> None:
    """What beat calls every few seconds: take up whatever a lost task or a dead worker left."""
    Embedding.objects.give_up()
    for run in IndexRun.objects.filter(leases.FREE, status__in=UNPUBLISHED[:-1]):
        if run.attempts < ATTEMPTS:
            _enqueue(index_run, run.pk)
        else:
            repositories.fail(run, f"{ATTEMPTS} workers died on this run.")
    if not _pending().exists():
        # Nothing to encode, and yet a run waits: what it needs was forgotten under its hands.
        for run in repositories.unfinished():
            store.want_embeddings(run)
        repositories.settle_all()
    wake_embedders()


@shared_task(ignore_result=True)
def forget() -> None:
    forgetting.mark()
    forgetting.sweep()
    checkout.remove_unregistered()


def wake_embedders() -> None:
    """Start embedding where texts wait and nobody is at it, or where there is no space yet."""
    idle = _pending().filter(leases.FREE).exists() and not _pending().exclude(leases.FREE).exists()
    homeless = not Space.objects.exists() and repositories.unfinished().exists()
    if idle or homeless:
        for _ in range(settings.CODEINDEX_EMBEDDERS):
            _enqueue(embed_pending)


def _pending() -> QuerySet[Embedding]:
    return Embedding.objects.filter(state=EmbeddingState.PENDING).exclude(
        space__state=SpaceState.RETIRED
    )


def _enqueue(task: Task, *arguments: object) -> None:
    try:
        task.delay(*arguments)
    except OperationalError:
        # The row is there: beat's next sweep finds it once the broker is back.
        logger.warning("the broker is away; %s waits for the next sweep", task.name)

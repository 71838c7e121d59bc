"""Celery tasks: they only wake workers. What is to do stands in the database, so that a task that
is lost, killed or delivered twice loses and repeats nothing. The only enqueuer."""

from __future__ import annotations

import logging
from dataclasses import asdict

from celery import Task, shared_task
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from kombu.exceptions import OperationalError

from codeindex import leases, repositories
from codeindex.ingestion import analysis, embedding, forgetting, pipeline, store, turns
from codeindex.ingestion.cloning import checkout
from codeindex.models import (
    UNPUBLISHED,
    Branch,
    Embedding,
    EmbeddingState,
    IndexRun,
    Repository,
    Space,
    SpaceState,
)
from codeindex.spaces import encoders, lifecycle

logger = logging.getLogger(__name__)


def request_index(
    *, repository: Repository, branch: str | None = None, requested_by: User | None = None
) -> IndexRun:
    """The unpublished run of a branch of `repository`, made and enqueued if there is none. Its
    first branch, or the one named `branch`, which is added if need be. Raises
    `Repository.DoesNotExist` if the repository was removed meanwhile."""
    with transaction.atomic():
        # Held, so that the repository is removed before or after, and nobody else makes a run.
        Repository.objects.select_for_update(no_key=True).get(pk=repository.pk)
        chosen = _branch(repository, branch)
        run = IndexRun.objects.filter(branch=chosen, status__in=UNPUBLISHED).first()
        if run is None:
            run = IndexRun.objects.create(branch=chosen, requested_by=requested_by)
            transaction.on_commit(lambda: _enqueue(index_run, run.pk))
    return run


def _branch(repository: Repository, name: str | None) -> Branch:
    if name is None:
        return repository.branches.earliest("pk")
    branch, _ = repository.branches.get_or_create(name=name)
    return branch


@shared_task(ignore_result=True)
def index_run(run_id: int | None = None) -> None:
    """One run: that whose turn it is, which need not be the one that the message is of."""
    if pipeline.index_next():
        wake_readers()
        wake_embedders()


@shared_task(ignore_result=True)
def embed_pending(limit: int = embedding.FIRST_BATCH) -> None:
    """One batch, and the next one behind whatever else waits."""
    next_limit = embed_batch(limit)
    if next_limit:
        _enqueue(embed_pending, next_limit)
    else:
        for space in lifecycle.unindexed():
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
        Embedding.objects.give_up()
        repositories.settle_all()
    return next_limit


@shared_task(ignore_result=True)
def build_index(space_id: int) -> None:
    lifecycle.build_index(Space.objects.get(pk=space_id))


@shared_task(ignore_result=True)
def sweep() -> None:
    """What beat calls every few seconds: take up whatever a lost task or a dead worker left."""
    Embedding.objects.give_up()
    repositories.fail_deadly_runs()
    turns.explain()
    wake_readers()
    if not _pending().exists():
        # Nothing to encode, and yet a run waits: what it needs was forgotten under its hands.
        for run in repositories.unfinished():
            store.want_embeddings(run)
        repositories.settle_all()
    wake_embedders()
    analysis.renew()


@shared_task(ignore_result=True)
def forget() -> None:
    forgetting.mark()
    forgetting.sweep()
    checkout.remove_unregistered()


def wake_readers() -> None:
    """Start the runs that may start now; no more than there are processes, each of which wakes
    others when it is done."""
    for run_id in turns.startable()[: settings.CELERY_WORKER_CONCURRENCY]:
        _enqueue(index_run, run_id)


def wake_embedders() -> None:
    """Start embedding where texts wait and nobody is at it, or where the space is not there or not
    in use for which the settings ask."""
    idle = _pending().filter(leases.FREE).exists() and not _pending().exclude(leases.FREE).exists()
    if idle or _is_space_wanted():
        for _ in range(settings.CODEINDEX_EMBEDDERS):
            _enqueue(embed_pending)


def _is_space_wanted() -> bool:
    """Whether an embedder has to make the first space, or to make or activate that of the encoder
    which the settings name. The encoder need not be loaded to know."""
    if not Space.objects.exists():
        return repositories.unfinished().exists()
    source = encoders.pinned()
    return source is not None and not (
        _pending().exists()
        or Space.objects.filter(state=SpaceState.ACTIVE, **asdict(source)).exists()
    )


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

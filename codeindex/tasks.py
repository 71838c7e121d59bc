"""Celery tasks: they only wake workers. The work itself is recorded in the database, so that a task
that is lost, killed or delivered twice loses and repeats nothing. Only this module enqueues."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import asdict
from functools import partial

from celery import Signature, Task, shared_task, signature
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from kombu.exceptions import OperationalError

from codeindex import audit, leases
from codeindex.audit import Change
from codeindex.ingestion import (
    doubts,
    embedding,
    garbage_collection,
    pausing,
    pipeline,
    publishing,
    runs,
    scheduling,
    store,
)
from codeindex.ingestion.cloning import mirrors
from codeindex.ingestion.lexical import analysis, grams
from codeindex.ingestion.scheduling import Lane
from codeindex.integrations import freshness, identities, outgoing, permissions, syncing
from codeindex.models import (
    UNPUBLISHED,
    Branch,
    Embedding,
    EmbeddingState,
    IndexRun,
    NearClone,
    OAuthGrant,
    PushDelivery,
    Repository,
    RunStatus,
    Space,
    SpaceState,
)
from codeindex.observability import recall, work
from codeindex.observability.work import Stage
from codeindex.operations import retention
from codeindex.quality import branch_clones, documentation, near_clones, shapes, usage
from codeindex.searches import alerts, mail
from codeindex.spaces import changes, encoders, lifecycle, projection, refining

logger = logging.getLogger(__name__)

_settle_between_batches = publishing.Settler()


def request_index(
    *, repository: Repository, branch: str | None = None, by: User | None
) -> IndexRun:
    """The unpublished run of a branch of `repository`; created and enqueued if there is none. The
    branch is the first one, or the one named `branch`, which is added if necessary. Raises
    `Repository.DoesNotExist` if the repository was removed meanwhile."""
    with transaction.atomic():
        # Locked, so that the repository is removed before or after, and nobody else adds a run.
        Repository.objects.select_for_update(no_key=True).get(pk=repository.pk)
        chosen = _branch(repository, branch)
        run = IndexRun.objects.filter(branch=chosen, status__in=UNPUBLISHED).first()
        if run is None:
            run = IndexRun.objects.create(branch=chosen, requested_by=by)
            if by is not None:
                audit.record(Change.RUN_REQUESTED, repository.full_name, by=by)
            transaction.on_commit(wake_readers)
    return run


@transaction.atomic
def request_indexes(branches: Iterable[Branch], *, by: User | None) -> None:
    """The same for many branches at once. Those that have an unpublished run, or that were removed
    meanwhile, are left out."""
    pks = [branch.pk for branch in branches]
    owning = Repository.objects.filter(branches__in=pks).values("pk")
    repositories = Repository.objects.select_for_update(no_key=True).filter(pk__in=owning)
    locked = list(repositories.order_by("pk").values_list("pk", flat=True))
    present = Branch.objects.filter(pk__in=pks, repository__in=locked).order_by("pk")
    IndexRun.objects.bulk_create(
        (IndexRun(branch=branch, requested_by=by) for branch in present), ignore_conflicts=True
    )
    transaction.on_commit(wake_readers)


def request_every_index(*, repository: Repository, by: User | None) -> IndexRun:
    """Those of all branches of a repository; returns the first one's, as `request_index` does."""
    first = request_index(repository=repository, by=by)
    request_indexes(repository.branches.all(), by=by)
    return first


def resume(repository: Repository, *, by: User | None) -> bool:
    """Let the runs of a paused repository go on; False if it was not paused."""
    resumed = pausing.resume(repository, by=by)
    if resumed:
        transaction.on_commit(wake_readers)
        transaction.on_commit(wake_embedders)
    return resumed


def _branch(repository: Repository, name: str | None) -> Branch:
    if name is None:
        return repository.branches.earliest("pk")
    branch, _ = repository.branches.get_or_create(name=name)
    return branch


@shared_task(ignore_result=True)
def index_run(run_id: int | None = None) -> None:
    """Work on the run that is next in turn, which need not be the one that the message names."""
    _index_next(Lane.WHOLE)


@shared_task(ignore_result=True)
def index_update(run_id: int | None = None) -> None:
    """The same for updates of what is indexed."""
    _index_next(Lane.UPDATES)


def _index_next(lane: Lane) -> None:
    if pipeline.index_next(wake_embedders, lane):
        wake_readers()
        # Even if nothing waits for a vector by now: an embedder ends the run.
        _enqueue(embed_pending)
        wake_embedders()


@shared_task(ignore_result=True)
def embed_pending(limit: int = embedding.FIRST_BATCH) -> None:
    """Encode one batch, and enqueue the next one behind whatever else waits."""
    next_limit = embed_batch(limit)
    if next_limit:
        _enqueue(embed_pending, next_limit)
    else:
        for space in lifecycle.needing_index():
            _enqueue(build_index, space.pk)
        _wake_refiners()


def embed_batch(
    limit: int, settle_between_batches: Callable[[], None] = _settle_between_batches
) -> int | None:
    """Encode a batch and settle the runs that waited for it. Returns the size of the next batch, or
    None if nothing was left. If the encoder fails, every waiting run shows the error."""
    try:
        next_limit = embedding.encode_batch(limit)
    except Exception as error:
        runs.record_encoder_error(f"The encoder failed: {error}")
        raise
    runs.record_encoder_error("")
    if next_limit:
        settle_between_batches()
    else:
        Embedding.objects.fail_deadly()
        publishing.settle_all()
    return next_limit


@shared_task(ignore_result=True)
def refine_drafts(limit: int = embedding.FIRST_BATCH) -> None:
    """Refine one batch of drafts, and enqueue the next one behind whatever else waits."""
    if next_limit := embedding.refine_batch(limit):
        _enqueue(refine_drafts, next_limit)


@shared_task(ignore_result=True)
def build_index(space_id: int) -> None:
    lifecycle.build_index(Space.objects.get(pk=space_id))


@shared_task(ignore_result=True)
def remove_space(space_id: int, user_id: int) -> None:
    """Delete a retired space for an administrator: of a million vectors it takes minutes."""
    if space := Space.objects.filter(pk=space_id).first():
        changes.remove(space, by=User.objects.filter(pk=user_id).first())


def request_removal(space: Space, *, by: User) -> None:
    """Have a retired space removed."""
    _enqueue(remove_space, space.pk, by.pk)


@shared_task(ignore_result=True)
def check_branches() -> None:
    """Ask the hosts of one batch of branches for new commits, and enqueue the next batch."""
    if freshness.check_due():
        _index_what_is_behind()
        wake_checks()


@shared_task(ignore_result=True)
def send_webhooks() -> None:
    """Send one batch of what outgoing webhooks have to be told, and enqueue the next one."""
    if outgoing.send_due():
        _wake_webhooks()


@shared_task(ignore_result=True)
def send_alerts() -> None:
    """Send one batch of alerts by mail, and enqueue the next one."""
    if mail.send_due():
        _wake_alerts()


@shared_task(ignore_result=True)
def sync_imports() -> None:
    """Synchronise one import with its code host, and enqueue the next one."""
    if syncing.sync_next(partial(request_indexes, by=None)):
        wake_imports()


@shared_task(ignore_result=True)
def sync_permissions() -> None:
    """Ask a code host who may read some of its repositories, and enqueue the next ones."""
    if permissions.sync_next():
        wake_imports()


@shared_task(ignore_result=True, bind=True)
def sweep(self: Task) -> None:
    """Called by beat every few seconds: resumes what a lost task or a crashed worker left."""
    queue = (self.request.delivery_info or {}).get("routing_key", "")
    if queue:
        work.add(f"{Stage.SWEEP} {queue}")
    Embedding.objects.fail_deadly()
    runs.fail_interrupted()
    scheduling.explain_waiting()
    for branch in scheduling.branches_to_read_again():
        request_index(repository=branch.repository, branch=branch.name, by=None)
    freshness.enroll()
    _index_what_is_behind()
    wake_checks()
    wake_imports()
    _wake_webhooks()
    _wake_alerts()
    wake_readers()
    if not _pending().exists():
        # A run that still waits lacks embeddings that were deleted meanwhile.
        for run in runs.awaiting_vectors():
            store.request_embeddings(run)
        publishing.settle_all()
    wake_embedders()
    _wake_refiners()
    analysis.renew()
    grams.renew()


@shared_task(ignore_result=True)
def survey() -> None:
    """What is computed of the whole index and of its use: the map, and the pages about quality."""
    usage.count()
    documentation.count()
    doubts.judge_older()
    if shapes.compute() and not NearClone.objects.exists():
        near_clones.refresh()
    branch_clones.refresh()
    projection.refresh()


@shared_task(ignore_result=True)
def compare_functions() -> None:
    near_clones.refresh()


@shared_task(ignore_result=True)
def forget() -> None:
    garbage_collection.mark()
    garbage_collection.sweep()
    grams.forget_deleted()
    mirrors.remove_unregistered()
    audit.forget(settings.CODEINDEX_AUDIT_DAYS)
    for rows in (PushDelivery.objects.outdated(), outgoing.outdated(), *alerts.outdated()):
        retention.delete_in_batches(rows)
    retention.forget()
    OAuthGrant.objects.forget()
    identities.forget()
    work.forget()
    recall.forget()


def wake_readers() -> None:
    """Start the runs that may start now, at most one for each process. A process that is done wakes
    others."""
    for lane, task in ((Lane.WHOLE, index_run), (Lane.UPDATES, index_update)):
        for run_id in scheduling.startable_runs(lane)[: settings.CELERY_WORKER_CONCURRENCY]:
            _enqueue(task, run_id)


def wake_checks() -> None:
    """Ask hosts for new commits if the time of a branch has come."""
    if freshness.is_due():
        _enqueue(check_branches)


def wake_imports() -> None:
    """Ask code hosts what they list, and who may read it, if the time of an import has come."""
    if syncing.is_due():
        _enqueue(sync_imports)
    if permissions.is_due():
        _enqueue(sync_permissions)


def _wake_webhooks() -> None:
    if outgoing.is_due():
        _enqueue(send_webhooks)


def _wake_alerts() -> None:
    """Compare new code with saved searches, which a task of the room above does, and send mail."""
    if alerts.is_due():
        _enqueue(signature("search.tasks.compare_new_code"))
    if mail.is_due():
        _enqueue(send_alerts)


def _index_what_is_behind() -> None:
    with transaction.atomic():
        if branches := freshness.branches_to_index():
            request_indexes(branches, by=None)


def wake_embedders() -> None:
    """Start embedding if texts wait and no worker holds one, or if the space that the settings ask
    for is missing or not active."""
    idle = _pending().filter(leases.FREE).exists() and not _pending().exclude(leases.FREE).exists()
    if idle or _is_space_wanted():
        for _ in range(settings.CODEINDEX_EMBEDDERS):
            _enqueue(embed_pending)


def _wake_refiners() -> None:
    """Start refining if there are drafts, no text waits for a vector, and nobody refines yet."""
    space = Space.objects.filter(state=SpaceState.ACTIVE).first()
    if space is None or lifecycle.has_pending(space) or not refining.has_drafts(space):
        return
    if not Embedding.objects.drafts(space).exclude(leases.FREE).exists():
        for _ in range(settings.CODEINDEX_EMBEDDERS):
            _enqueue(refine_drafts)


def _is_space_wanted() -> bool:
    """Whether an embedder has to create the first space, or to create or activate the space of the
    encoder that the settings name. Loads no encoder."""
    if not Space.objects.exists():
        return IndexRun.objects.filter(finished=None).exclude(status=RunStatus.QUEUED).exists()
    source = encoders.pinned_source()
    return source is not None and not (
        _pending().exists()
        or Space.objects.filter(state=SpaceState.ACTIVE, **asdict(source)).exists()
    )


def _pending() -> QuerySet[Embedding]:
    return Embedding.objects.filter(state=EmbeddingState.PENDING).exclude(
        space__state=SpaceState.RETIRED
    )


def _enqueue(task: Task | Signature, *arguments: object) -> None:
    try:
        task.delay(*arguments)
    except OperationalError:
        # Beat's next sweep finds the row once the broker is back.
        logger.warning("The broker is unreachable; %s waits for the next sweep.", task.name)

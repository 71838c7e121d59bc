"""An index run from the fetch to stored definitions, which then wait for their vectors."""

from __future__ import annotations

import errno
import logging
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from itertools import chain, pairwise

from django.db import (
    DatabaseError,
    DataError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    transaction,
)
from django.db.models import F
from django.db.models.functions import Coalesce, Now
from psycopg.errors import ProgramLimitExceeded

from codeindex import leases, locks
from codeindex.ingestion import contents, publishing, reader_pool, runs, scheduling, store
from codeindex.ingestion.cloning import checkout
from codeindex.ingestion.cloning.errors import CheckoutError
from codeindex.ingestion.cloning.trees import Tree
from codeindex.ingestion.commits import record
from codeindex.ingestion.contents import ReadBlob
from codeindex.ingestion.lexical import grams
from codeindex.ingestion.scheduling import Lane
from codeindex.ingestion.selection import overrides, sources
from codeindex.ingestion.selection.sources import SelectedFile, Selection
from codeindex.leases import Lease, LostLease
from codeindex.models import ATTEMPTS, UNPUBLISHED, UNREAD, IndexRun, RunStatus, Upstream
from codeindex.observability import ids, work

FILES_PER_BATCH = 50
WAKE_SECONDS = 2.0
"""How often embedders are woken while files are read."""

INTERNAL_ERROR = (
    "An internal error stopped the run. Index the repository again; if that fails too, ask your"
    " administrator to check the worker's log."
)

logger = logging.getLogger(__name__)


class LargeUpdate(Exception):
    """The run has more files to read than a worker of updates reads."""


def index(run_id: int, wake_embedders: Callable[[], object] = lambda: None) -> bool:
    """Claim a run and work on it until only vectors are missing; False if it was not free.
    `wake_embedders` is called every `WAKE_SECONDS` while texts are stored.

    An error is recorded on the run, and what was searchable stays so.
    """
    run = claim(run_id)
    if run is not None:
        with ids.of_run(run.pk):
            _index(run, wake_embedders)
    return run is not None


def index_next(
    wake_embedders: Callable[[], object] = lambda: None, lane: Lane = Lane.WHOLE
) -> bool:
    """The same for the run that is next in turn in a lane; False if none may start now."""
    run = claim_next(lane)
    if run is not None:
        most_files = scheduling.UPDATE_FILES if lane == Lane.UPDATES else None
        with ids.of_run(run.pk):
            _index(run, wake_embedders, most_files)
    return run is not None


def _index(
    run: IndexRun, wake_embedders: Callable[[], object], most_files: int | None = None
) -> None:
    try:
        with leases.renewing(IndexRun.objects.filter(pk=run.pk, lease=run.lease)) as lease:
            _read(run, lease, wake_embedders, most_files)
            publishing.start_embedding(run)
    except LostLease:
        logger.info("%s was cancelled or taken over", run)
    except LargeUpdate:
        runs.hand_over(run)
    except CheckoutError as error:
        runs.fail(run, str(error))
    except Exception as error:
        if _is_temporary(error):
            # Another worker takes the run up when the lease has expired.
            logger.warning("%s was interrupted.", run, exc_info=True)
        elif runs.fail(run, INTERNAL_ERROR):
            logger.exception("%s failed", run)
        else:
            # The error came from rows that another process deleted meanwhile.
            logger.info("%s was cancelled, removed or taken over", run)
    except BaseException:
        runs.hand_back(run)
        raise


def _is_temporary(error: Exception) -> bool:
    """Whether the database was unreachable, or the disk is full."""
    is_unreachable = isinstance(error, OperationalError | InterfaceError)
    return is_unreachable or (isinstance(error, OSError) and error.errno == errno.ENOSPC)


@transaction.atomic
def claim_next(lane: Lane = Lane.WHOLE) -> IndexRun | None:
    """The run that is next in turn in a lane, leased to us. One worker chooses at a time: two that
    choose together would both use the last free slot of an owner or a host."""
    locks.scheduling()
    return next(filter(None, map(claim, scheduling.startable_runs(lane))), None)


@transaction.atomic
def claim(run_id: int) -> IndexRun | None:
    """The run, leased to us, if its definitions are still to be read, nobody works on it or has
    paused it, and it has not crashed too many workers. A row that is locked is being worked on."""
    lease = uuid.uuid4()
    free = IndexRun.objects.unpaused().filter(
        leases.FREE, pk=run_id, status__in=UNREAD, attempts__lt=ATTEMPTS
    )
    leases.unlocked(free).update(
        lease=lease,
        leased_until=leases.until(),
        started=Coalesce("started", Now()),
        attempts=F("attempts") + 1,
        error="",
    )
    return IndexRun.objects.select_related("branch__repository").filter(lease=lease).first()


def _read(
    run: IndexRun, lease: Lease, wake_embedders: Callable[[], object], most_files: int | None
) -> None:
    """Raises `LargeUpdate` if more than `most_files` have changed."""
    with _stage(run, RunStatus.CHECKOUT):
        tree = checkout.fetch(run, lease)
        IndexRun.objects.filter(pk=run.pk).update(commit=tree.commit)
        Upstream.objects.note_fetched(run.branch_id, tree.commit)
        record.record_head(run, tree)
    with _stage(run, RunStatus.DEFINITIONS), work.tally(work.Stage.READ) as done:
        selection = _select(run, tree)
        changed = store.record_selection(run, selection.files, selection.skips)
        if most_files is not None and len(changed) > most_files:
            raise LargeUpdate
        requested, woken = 0, -WAKE_SECONDS
        for batch, read in _read_ahead(tree, changed, lease):
            requested += _save(run, batch, read)
            done.note(sum(len(blob.definitions) for blob in read))
            lease.progress()
            if (now := time.monotonic()) >= woken + WAKE_SECONDS:
                wake_embedders()
                woken = now
        store.finish_reading(run, selection.skips, requested)
        record.record_changes(run, tree)
        grams.pack()


def _select(run: IndexRun, tree: Tree) -> Selection:
    """The files to index, by the repository's rules and ours. What is not as asked is recorded."""
    repository = run.branch.repository
    overriding = partial(overrides.read, tree, patterns=repository.ignore_patterns)
    selection = sources.select(tree.entries(), repository.indexed_origins, overriding)
    notices = [*filter(None, [tree.notice]), *selection.notices]
    IndexRun.objects.filter(pk=run.pk).update(notices=notices)
    return selection


@contextmanager
def _stage(run: IndexRun, stage: RunStatus) -> Iterator[None]:
    """Record the stage on the run, and afterwards how many seconds it took."""
    began = time.monotonic()
    mine = IndexRun.objects.filter(pk=run.pk, lease=run.lease, status__in=UNPUBLISHED)
    if not mine.update(status=stage, stage_started=Now()):
        raise LostLease
    yield
    run.timings[stage] = round(time.monotonic() - began, 3)
    mine.update(timings=run.timings)


def _batches(files: Sequence[SelectedFile]) -> Iterator[Sequence[SelectedFile]]:
    for start in range(0, len(files), FILES_PER_BATCH):
        yield files[start : start + FILES_PER_BATCH]


def _save(run: IndexRun, files: Sequence[SelectedFile], read: Sequence[ReadBlob]) -> int:
    """Write a batch, and return how many vectors it requests. If the database rejects a value in
    it, write each file alone and skip the one that it rejects."""
    try:
        return store.save_batch(run, files, read)
    except DatabaseError as refusal:
        if not _is_rejected_value(refusal):
            raise
        logger.exception("%d files could not be stored.", len(files))
        if len(files) == 1:
            return store.save_batch(run, files, [_refused(blob) for blob in read])
        return sum(
            _save(run, [file], [blob for blob in read if (blob.sha, blob.language) == file.content])
            for file in files
        )


def _is_rejected_value(refusal: DatabaseError) -> bool:
    """Whether the database rejected a value; it may instead be unreachable, for instance."""
    too_long = isinstance(refusal.__cause__, ProgramLimitExceeded)
    return too_long or isinstance(refusal, DataError | IntegrityError)


def _refused(blob: ReadBlob) -> ReadBlob:
    return ReadBlob(blob.sha, blob.language, despite=blob.despite, skipped="cannot be stored")


def _read_ahead(
    tree: Tree, files: Sequence[SelectedFile], lease: Lease
) -> Iterator[tuple[Sequence[SelectedFile], list[ReadBlob]]]:
    """Batches of the files, each with its contents that are not stored yet. While one is stored,
    the next one is read. A content that is skipped for its origin is read once more, whatever its
    origin, if a file of it is wanted despite that."""
    with ThreadPoolExecutor(1) as beside:

        def reading(batch: Sequence[SelectedFile]) -> Future[list[ReadBlob]]:
            unread = [(file, "") for file in contents.without_blob(batch)]
            return beside.submit(_blobs, tree, unread, lease)

        begun = ((batch, reading(batch)) for batch in _batches(files))
        for current, _ in pairwise(chain(begun, [None])):
            assert current is not None
            batch, blobs = current
            read = blobs.result()
            yield batch, read + _blobs(tree, contents.skipped_in_vain(batch, read), lease)


def _blobs(tree: Tree, files: Sequence[tuple[SelectedFile, str]], lease: Lease) -> list[ReadBlob]:
    """The contents of files, each read despite the reason beside it."""
    read = tree.read(file.sha for file, _ in files)
    given = (
        reader_pool.FileContent(file.path, file.language.name, content, bool(despite))
        for (file, despite), content in zip(files, read, strict=True)
    )
    return [
        contents.as_read(file, answer, despite)
        for (file, despite), answer in zip(files, reader_pool.read(given, lease), strict=True)
    ]

"""index(run): the story of an index run on one screen, from git to definitions that wait for
their vectors."""

from __future__ import annotations

import errno
import logging
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

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

from codeindex import leases, locks, repositories
from codeindex.ingestion import readers, sources, store, turns
from codeindex.ingestion.cloning import checkout
from codeindex.ingestion.cloning.checkout import Tree
from codeindex.ingestion.reader import Read
from codeindex.ingestion.sources import Source
from codeindex.ingestion.store import ReadBlob
from codeindex.leases import Lease, LostLease
from codeindex.models import ATTEMPTS, UNPUBLISHED, UNREAD, IndexRun, RunStatus

FILES_PER_BATCH = 50
FAULT = (
    "Something went wrong inside codeindex. Index it again; if that fails too, ask your"
    " administrator: the worker's log says what it was."
)

LONGEST_REASON = 200
"""Characters, as many as `Blob.skipped` holds."""

logger = logging.getLogger(__name__)


def index(run_id: int) -> bool:
    """Take a run and bring it to where only vectors are missing; False if it was not free.

    Whatever goes wrong is recorded on the run, and what was searchable stays so.
    """
    run = _taken(run_id)
    if run is not None:
        _index(run)
    return run is not None


def index_next() -> bool:
    """The same with the run whose turn it is; False if none may start now."""
    run = _next()
    if run is not None:
        _index(run)
    return run is not None


def _index(run: IndexRun) -> None:
    try:
        with leases.kept(IndexRun.objects.filter(pk=run.pk, lease=run.lease)) as lease:
            _read(run, lease)
            repositories.advance(run)
    except LostLease:
        logger.info("%s was cancelled or taken over", run)
    except checkout.CheckoutError as error:
        repositories.fail(run, str(error))
    except Exception as error:
        if _may_pass(error):
            # Whoever takes the run up when the lease has run out may have more luck.
            logger.warning("%s was interrupted", run, exc_info=True)
        elif repositories.fail(run, FAULT):
            logger.exception("%s failed", run)
        else:
            # A row that another process deletes meanwhile is an error in the work, and is none.
            logger.info("%s was cancelled, removed or taken over", run)
    except BaseException:
        repositories.hand_back(run)
        raise


def _may_pass(error: Exception) -> bool:
    """Whether the database was away, or the disk is full."""
    away = isinstance(error, OperationalError | InterfaceError)
    return away or (isinstance(error, OSError) and error.errno == errno.ENOSPC)


@transaction.atomic
def _next() -> IndexRun | None:
    """The run whose turn it is, with a lease of ours. One worker looks at a time: two that look
    together would both find the last place of an owner or a host free."""
    locks.taking_turns()
    return next(filter(None, map(_taken, turns.startable())), None)


def _taken(run_id: int) -> IndexRun | None:
    """The run with a lease of ours, if it has definitions to read, nobody is at it, and it has not
    cost too many workers their lives."""
    lease = uuid.uuid4()
    IndexRun.objects.filter(
        leases.FREE, pk=run_id, status__in=UNREAD, attempts__lt=ATTEMPTS
    ).update(
        lease=lease,
        leased_until=leases.until(),
        started=Coalesce("started", Now()),
        attempts=F("attempts") + 1,
        error="",
    )
    return IndexRun.objects.select_related("branch__repository").filter(lease=lease).first()


def _read(run: IndexRun, lease: Lease) -> None:
    with _stage(run, RunStatus.CHECKOUT):
        tree = checkout.fetch(run, lease)
        IndexRun.objects.filter(pk=run.pk).update(commit=tree.commit)
    with _stage(run, RunStatus.DEFINITIONS):
        files, skips = sources.select(tree.entries())
        changed = store.begin(run, files, skips)
        for batch in _batches(changed):
            _save(run, batch, _blobs(tree, store.unread(batch), lease))
            lease.progress()
        store.finish(run, skips)


@contextmanager
def _stage(run: IndexRun, stage: RunStatus) -> Iterator[None]:
    """Say on the run what is being done, and afterwards how many seconds it took."""
    began = time.monotonic()
    mine = IndexRun.objects.filter(pk=run.pk, lease=run.lease, status__in=UNPUBLISHED)
    if not mine.update(status=stage, stage_started=Now()):
        raise LostLease
    yield
    run.timings[stage] = round(time.monotonic() - began, 3)
    mine.update(timings=run.timings)


def _batches(files: Sequence[Source]) -> Iterator[Sequence[Source]]:
    for start in range(0, len(files), FILES_PER_BATCH):
        yield files[start : start + FILES_PER_BATCH]


def _save(run: IndexRun, files: Sequence[Source], read: Sequence[ReadBlob]) -> None:
    """Write a batch. Where the database refuses something in it, each file is written alone, and
    skipped if it is the one."""
    try:
        store.save(run, files, read)
    except DatabaseError as refusal:
        if not _is_of_a_value(refusal):
            raise
        logger.exception("%d files could not be stored", len(files))
        for file in files:
            own = [blob for blob in read if (blob.sha, blob.language) == _content_of(file)]
            if len(files) > 1:
                _save(run, [file], own)
            else:
                store.save(run, [file], [_skipped(file, "cannot be stored")])


def _is_of_a_value(refusal: DatabaseError) -> bool:
    """Whether the database refused what it was given; not, say, because it is away."""
    too_long = isinstance(refusal.__cause__, ProgramLimitExceeded)
    return too_long or isinstance(refusal, DataError | IntegrityError)


def _content_of(file: Source) -> tuple[str, str]:
    return file.sha, file.language.name


def _skipped(file: Source, reason: str) -> ReadBlob:
    return ReadBlob(*_content_of(file), skipped=reason[:LONGEST_REASON])


def _blobs(tree: Tree, files: Sequence[Source], lease: Lease) -> list[ReadBlob]:
    contents = tree.read(file.sha for file in files)
    given = (
        readers.File(file.path, file.language.name, content)
        for file, content in zip(files, contents, strict=True)
    )
    return [
        _blob(file, answer) for file, answer in zip(files, readers.read(given, lease), strict=True)
    ]


def _blob(file: Source, answer: Read | str) -> ReadBlob:
    if isinstance(answer, str):
        return _skipped(file, answer)
    content, broken, definitions = answer
    return ReadBlob(*_content_of(file), content=content, broken=broken, definitions=definitions)

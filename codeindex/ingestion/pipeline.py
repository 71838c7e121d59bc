"""index(run): the story of an index run on one screen, from git to definitions that wait for
their vectors."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce, Now

from codeindex import leases, locks, repositories
from codeindex.ingestion import checkout, sources, store, turns
from codeindex.ingestion.checkout import Tree
from codeindex.ingestion.sources import Source
from codeindex.ingestion.store import ReadBlob
from codeindex.leases import Lease, LostLease
from codeindex.models import ATTEMPTS, UNPUBLISHED, UNREAD, IndexRun, RunStatus
from embeddings import definitions

FILES_PER_BATCH = 50

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
        if repositories.fail(run, f"Internal error: {type(error).__name__}: {error}"):
            logger.exception("%s failed", run)
        else:
            # A row that another process deletes meanwhile is an error in the work, and is none.
            logger.info("%s was cancelled, removed or taken over", run)
    except BaseException:
        repositories.hand_back(run)
        raise


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
            store.save(run, batch, _blobs(tree, store.unread(batch)))
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


def _blobs(tree: Tree, files: Sequence[Source]) -> list[ReadBlob]:
    contents = tree.read(file.sha for file in files)
    return [_blob(file, content) for file, content in zip(files, contents, strict=True)]


def _blob(file: Source, content: bytes) -> ReadBlob:
    language = file.language
    try:
        text = sources.text(content, language)
        found = definitions.extract(text, language)
    except sources.Skipped as reason:
        return ReadBlob(file.sha, language.name, skipped=str(reason))
    except Exception as error:
        # One odd file must not cost the whole repository; it is counted, and our log has it.
        logger.exception("%s (%s) could not be read", file.path, file.sha)
        return ReadBlob(file.sha, language.name, skipped=f"unreadable: {type(error).__name__}")
    return ReadBlob(
        file.sha,
        language.name,
        content=text,
        broken=found.errors > 0,
        definitions=found.definitions,
    )

"""Leases: how a worker holds rows while it works on them outside any transaction.

A lease is a token and a time on the row. A thread renews it while the work progresses. The rows of
a worker that was killed are therefore free after CODEINDEX_LEASE_SECONDS, and work that takes hours
still keeps its rows. A result is written by the token: a worker that lost its lease writes nothing.

Nothing else ends a thread that hangs, so a process whose work has not progressed for
CODEINDEX_STALL_SECONDS is ended: by the thread that renews the lease, or, if something holds
Python's lock and stops that thread too, by the watchdog of `faulthandler`, which needs no lock. A
statement that Postgres executes for the worker counts as progress, however long it takes.

A transaction that writes for a leased row locks the row, so that the thread cannot renew the lease.
Such a row is held whatever its lease says: whoever looks for free rows skips locked ones
(`unlocked`), and the transaction renews the lease at its end.
"""

from __future__ import annotations

import faulthandler
import logging
import os
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event, Thread
from typing import Any

import psycopg
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from psycopg.pq import TransactionStatus

FREE = Q(leased_until=None) | Q(leased_until__lt=Now())

CHECK_SECONDS = 1.0
"""How often a lease is checked, so that cancelled work ends within a few seconds."""

STDERR = 2
"""By its number: Celery replaces `sys.stderr` by another object."""

logger = logging.getLogger(__name__)


class LostLease(Exception):
    """The rows are no longer this worker's: cancelled, removed, or taken over."""


class Lease:
    """A lease that is being renewed. Long work reports its `progress`; work that waits for another
    program only checks whether the rows are still held (`check`); work that looks up by itself
    which rows it still holds only notes its progress (`note`)."""

    def __init__(self) -> None:
        self._lost = Event()
        self._progressed_at = time.monotonic()

    def progress(self) -> None:
        """Note that the work progressed. Raises `LostLease`."""
        self.note()
        self.check()

    def note(self) -> None:
        """Note that the work progressed."""
        self._progressed_at = time.monotonic()

    def idle_seconds(self) -> float:
        """Seconds since the work last progressed."""
        return time.monotonic() - self._progressed_at

    def check(self) -> None:
        """Raises `LostLease` if the rows are no longer held."""
        if self._lost.is_set():
            raise LostLease

    def lose(self) -> None:
        self._lost.set()


def until() -> Any:
    """The end of a lease that is taken now, by the database's clock."""
    return Now() + timedelta(seconds=settings.CODEINDEX_LEASE_SECONDS)


Rows = QuerySet[Any] | Callable[[], QuerySet[Any]]
"""Leased rows, whose filter names the lease; or what gives those of the moment."""


@contextmanager
def renewing(rows: Rows) -> Iterator[Lease]:
    """Renew the lease on `rows` until the block ends. The block's work uses the database by this
    thread's connection."""
    lease, done = Lease(), Event()
    _set_watchdog()
    worker = connections[DEFAULT_DB_ALIAS]
    renewal = Thread(target=_renew_until_done, args=(rows, lease, done, worker), daemon=True)
    renewal.start()
    try:
        yield lease
    finally:
        done.set()
        renewal.join()


def _renew_until_done(rows: Rows, lease: Lease, done: Event, worker: BaseDatabaseWrapper) -> None:
    interval = settings.CODEINDEX_LEASE_SECONDS / 3
    renewed_at = time.monotonic()
    seen = False  # rows of a transaction that is still open are not lost, only invisible
    try:
        while not done.is_set():
            _end_if_stalled(lease, worker)
            present = rows() if callable(rows) else rows
            try:
                if time.monotonic() - renewed_at >= interval:
                    renewed_at = time.monotonic()
                    held = _renew(present)
                else:
                    held = present.exists()
            except DatabaseError:
                # The next renewal is in time, or else another worker repeats the work.
                logger.warning("A lease could not be renewed.", exc_info=True)
                connection.close()
            else:
                seen = seen or held
                if seen and not held:
                    lease.lose()
            done.wait(min(CHECK_SECONDS, interval))
    finally:
        faulthandler.cancel_dump_traceback_later()
        connection.close()


@contextmanager
def holding(rows: QuerySet[Any]) -> Iterator[Lease]:
    """Renew the lease on `rows` as `renewing` does, and end it when the block ends."""
    try:
        with renewing(rows) as lease:
            yield lease
    finally:
        rows.update(lease=None, leased_until=None)


def take(rows: QuerySet[Any], lease: uuid.UUID) -> None:
    """Lease those of the rows that nobody holds and no other transaction has locked."""
    unlocked(rows.filter(FREE)).update(lease=lease, leased_until=until())


def unlocked(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Those of the rows that no other transaction has locked. They are locked by the transaction
    that uses the queryset."""
    free = rows.select_for_update(skip_locked=True).values("pk")
    return QuerySet(rows.model).filter(pk__in=free)


@transaction.atomic
def _renew(rows: QuerySet[Any]) -> bool:
    """Renew the lease on the rows that are not locked; whether any row is held."""
    return unlocked(rows).update(leased_until=until()) > 0 or rows.exists()


@transaction.atomic
def update(rows: QuerySet[Any], **values: Any) -> int:
    """Update the rows and return their number. They are locked in the order of their ids, as by
    all others that write many of them, so that no two deadlock."""
    list(rows.select_for_update().order_by("pk").values_list("pk", flat=True))
    return rows.update(**values)


def _end_if_stalled(lease: Lease, worker: BaseDatabaseWrapper) -> None:
    """End this process if its work has stalled, and log where each thread was."""
    _set_watchdog()
    limit = settings.CODEINDEX_STALL_SECONDS
    if lease.idle_seconds() < limit:
        return
    if _is_executing(worker):
        lease.note()
        return
    logger.critical(
        "The work has not progressed for %d seconds (CODEINDEX_STALL_SECONDS). This process ends, "
        "and another one resumes the work.",
        limit,
    )
    faulthandler.dump_traceback(STDERR)
    os._exit(1)


def _is_executing(worker: BaseDatabaseWrapper) -> bool:
    """Whether Postgres executes a statement of the worker's connection, or lets it wait for a lock,
    whose holder has limits of its own."""
    session = worker.connection
    if session is None or session.info.transaction_status != TransactionStatus.ACTIVE:
        return False
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT state = 'active' FROM pg_stat_activity WHERE pid = %s",
                [session.info.backend_pid],
            )
            found = cursor.fetchone()
            # A pooler numbers sessions by itself
            return found is None or bool(found[0])
    except (DatabaseError, psycopg.Error):
        return False


def _set_watchdog() -> None:
    """End this process unless this is called again before the limit."""
    faulthandler.dump_traceback_later(settings.CODEINDEX_STALL_SECONDS, exit=True, file=STDERR)

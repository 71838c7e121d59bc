"""Leases: how a worker holds rows while it works on them outside any transaction.

A lease is a token and a time on the row. A thread renews it while the work progresses, so that the
rows of a worker that was killed are anyone's after CODEINDEX_LEASE_SECONDS, and work that takes
hours keeps its rows all the same. Who writes a result names the token: a worker that lost its
lease writes nothing.

A process whose work has not progressed for CODEINDEX_STALL_SECONDS is ended: nothing else ends a
thread that hangs. The thread that renews the lease does it, or, where something holds Python's lock
and the thread stands still too, the watchdog of `faulthandler`, which needs no lock.
"""

from __future__ import annotations

import faulthandler
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event, Thread
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

FREE = Q(leased_until=None) | Q(leased_until__lt=Now())

CHECK_SECONDS = 1.0
"""How soon a lease that was taken away is noticed: cancelled work ends within a few seconds."""

STDERR = 2
"""By its number: Celery puts another object in the place of `sys.stderr`."""

logger = logging.getLogger(__name__)


class LostLease(Exception):
    """The rows are no longer this worker's: cancelled, removed, or taken over."""


class Lease:
    """A lease that is being renewed. Work that takes long reports its `progress`, and work that
    waits for another program asks whether it is still wanted (`check`). Work that finds out by
    itself which of its rows it still holds only notes its progress (`note`)."""

    def __init__(self) -> None:
        self._lost = Event()
        self._progressed_at = time.monotonic()

    def progress(self) -> None:
        """Note that the work went on. Raises `LostLease`."""
        self.note()
        self.check()

    def note(self) -> None:
        """Note that the work went on."""
        self._progressed_at = time.monotonic()

    def idle_seconds(self) -> float:
        """How long the work has not gone on."""
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


@contextmanager
def kept(rows: QuerySet[Any]) -> Iterator[Lease]:
    """Renew the lease on `rows`, which name it in their filter, until the block ends."""
    lease, done = Lease(), Event()
    _set_watchdog()
    renewal = Thread(target=_renew, args=(rows, lease, done), daemon=True)
    renewal.start()
    try:
        yield lease
    finally:
        done.set()
        renewal.join()


def _renew(rows: QuerySet[Any], lease: Lease, done: Event) -> None:
    interval = settings.CODEINDEX_LEASE_SECONDS / 3
    renewed_at = time.monotonic()
    seen = False  # rows of a transaction that is still open are not lost, only out of sight
    try:
        while not done.is_set():
            _end_if_stalled(lease)
            try:
                if time.monotonic() - renewed_at >= interval:
                    renewed_at = time.monotonic()
                    held = update(rows, leased_until=until()) > 0
                else:
                    held = rows.exists()
            except DatabaseError:
                # The next renewal is still in time; if it is not, another worker repeats the work.
                logger.warning("a lease could not be renewed", exc_info=True)
                connection.close()
            else:
                seen = seen or held
                if seen and not held:
                    lease.lose()
            done.wait(min(CHECK_SECONDS, interval))
    finally:
        faulthandler.cancel_dump_traceback_later()
        connection.close()


@transaction.atomic
def update(rows: QuerySet[Any], **values: Any) -> int:
    """How many rows there were. They are locked in the order of their ids, as by whoever else
    writes many of them, so that no two wait for each other."""
    list(rows.select_for_update().order_by("pk").values_list("pk", flat=True))
    return rows.update(**values)


def _end_if_stalled(lease: Lease) -> None:
    """End this process if its work stands still, with a record of where each thread was."""
    _set_watchdog()
    limit = settings.CODEINDEX_STALL_SECONDS
    if lease.idle_seconds() < limit:
        return
    logger.critical(
        "The work has not progressed for %d seconds (CODEINDEX_STALL_SECONDS). This process ends; "
        "another one takes the work up.",
        limit,
    )
    faulthandler.dump_traceback(STDERR)
    os._exit(1)


def _set_watchdog() -> None:
    """End this process unless this is called again before the limit."""
    faulthandler.dump_traceback_later(settings.CODEINDEX_STALL_SECONDS, exit=True, file=STDERR)

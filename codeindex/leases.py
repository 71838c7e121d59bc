"""Leases: how a worker holds rows while it works on them outside any transaction.

A lease is a token and a time on the row. A thread renews it while the worker lives, so that the
rows of a worker that was killed are anyone's after CODEINDEX_LEASE_SECONDS, and work that takes
hours keeps its rows all the same. Who writes a result names the token: a worker that lost its
lease writes nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event, Thread
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

FREE = Q(leased_until=None) | Q(leased_until__lt=Now())

logger = logging.getLogger(__name__)


def until() -> Any:
    """The end of a lease that is taken now, by the database's clock."""
    return Now() + timedelta(seconds=settings.CODEINDEX_LEASE_SECONDS)


@contextmanager
def kept(rows: QuerySet[Any]) -> Iterator[None]:
    """Renew the lease on `rows`, which name it in their filter, until the block ends."""
    done = Event()
    renewal = Thread(target=_renew, args=(rows, done), daemon=True)
    renewal.start()
    try:
        yield
    finally:
        done.set()
        renewal.join()


def _renew(rows: QuerySet[Any], done: Event) -> None:
    while not done.wait(settings.CODEINDEX_LEASE_SECONDS / 3):
        try:
            rows.update(leased_until=until())
        except DatabaseError:
            # The next renewal is still in time; if it is not, whoever takes over repeats the work.
            logger.warning("a lease could not be renewed", exc_info=True)
        finally:
            connection.close()

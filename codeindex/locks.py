"""Named advisory locks of Postgres, for what must happen once at a time in the installation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


def publishing() -> None:
    """Held to the end of the transaction by whoever changes what is searchable or deletes it."""
    _held_by_transaction("publishing")


def scheduling() -> None:
    """Held to the end of the transaction by whoever claims the next run."""
    _held_by_transaction("taking turns")


def _held_by_transaction(name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])


@contextmanager
def session(name: str) -> Iterator[bool]:
    """Hold the lock `name` in the block, outside any transaction; False if another session holds
    it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [name])
        (held,) = cursor.fetchone()
        try:
            yield held
        finally:
            if held:
                cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [name])

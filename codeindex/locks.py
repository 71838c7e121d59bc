"""Postgres' advisory locks, by name: for what must happen one at a time in the whole house."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


def publishing() -> None:
    """Held to the end of the transaction by whoever changes what is searchable or forgets it."""
    _held_by_transaction("publishing")


def taking_turns() -> None:
    """Held to the end of the transaction by whoever takes the run whose turn it is."""
    _held_by_transaction("taking turns")


def _held_by_transaction(name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])


@contextmanager
def session(name: str) -> Iterator[bool]:
    """Whether the lock `name` could be had at once; held outside any transaction in the block."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [name])
        (held,) = cursor.fetchone()
        try:
            yield held
        finally:
            if held:
                cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [name])

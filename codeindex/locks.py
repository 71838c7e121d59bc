"""Named advisory locks of Postgres, for what must happen once at a time in the installation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

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
    """Hold the lock `name` in the block, whose work may have any transactions; False if it is held
    elsewhere.

    An idle transaction on a connection of its own holds it: a pooler would give a lock of a session
    to whoever uses the session next. It has no snapshot, so that nothing waits for it."""
    with closing(connection.copy()) as own:
        own.set_autocommit(False)
        with own.cursor() as cursor:
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [name])
            (held,) = cursor.fetchone()
        yield held

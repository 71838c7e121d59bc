"""Statements in SQL whose answers are small."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection


def rows(statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """All rows that a statement selects. Raises `DatabaseError`."""
    with connection.cursor() as cursor:
        # None, so that a statement without parameters may have a bare percent sign
        cursor.execute(statement, parameters or None)
        return list(cursor.fetchall())


def database_bytes() -> int:
    """The size of the database."""
    return int(rows("SELECT pg_database_size(current_database())")[0][0])

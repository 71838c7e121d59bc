"""Statements of the search, in SQL: the ORM takes as long to put one together as Postgres to answer
it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import connection


def rows(statement: str, given: Mapping[str, object]) -> list[tuple[Any, ...]]:
    """What a statement selects; `%(name)s` in it stands for what is given by that name."""
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        return list(cursor.fetchall())

"""Statements that read much, within a limit of time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import OperationalError, connection, transaction
from psycopg.errors import QueryCanceled


class TooSlow(OperationalError):
    """A statement has reached its time limit."""


def rows(
    statement: str, parameters: Mapping[str, Any], *, within: int | None = None
) -> list[tuple[Any, ...]]:
    """What a statement selects. Raises `TooSlow` if it takes more seconds than `within`, by default
    than a search may."""
    with transaction.atomic(), connection.cursor() as cursor:
        seconds = within or int(settings.CODEINDEX_SEARCH_SECONDS)
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [f"{seconds}s"])
        try:
            cursor.execute(statement, parameters)
        except OperationalError as error:
            if isinstance(error.__cause__, QueryCanceled):
                raise TooSlow from error
            raise
        return list(cursor.fetchall())

"""Statements that read much, within a limit of time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import connection, transaction


def rows(
    statement: str, parameters: Mapping[str, Any], *, within: int | None = None
) -> list[tuple[Any, ...]]:
    """What a statement selects. Raises `OperationalError` if it takes more seconds than `within`,
    by default than a search may."""
    with transaction.atomic(), connection.cursor() as cursor:
        seconds = within or int(settings.CODEINDEX_SEARCH_SECONDS)
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [f"{seconds}s"])
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())

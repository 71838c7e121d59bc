"""What the audit has recorded."""

from __future__ import annotations

from typing import Any

from django.db import connection, transaction

from codeindex.models import AuditRecord


def rows(*columns: str) -> list[tuple[Any, ...]]:
    """These columns of what was recorded since the last call, the oldest first."""
    told = list(AuditRecord.objects.order_by("pk").values_list(*columns))
    empty()
    return told


def empty() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL codeindex.forgetting = on")
        cursor.execute("DELETE FROM codeindex_auditrecord")
        cursor.execute("SET LOCAL codeindex.forgetting = off")

"""Reading the audit: filtered, a page at a time, or all of it as CSV or JSON Lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from codeindex import exports
from codeindex.exports import Format
from codeindex.models import AuditRecord

COLUMNS = (
    "id", "at", "user", "user_id", "action", "door", "address", "token", "subject", "details",
    "text",
)  # fmt: skip
"""Of an export."""

BATCH = 1_000
"""Rows that an export reads at a time, so that no statement lasts long."""


@dataclass(frozen=True, slots=True)
class Filters:
    """Which rows are wanted. An empty value keeps all; `subject` is a part of a row's subject;
    `since` is inclusive, and `until` exclusive."""

    user: str = ""
    action: str = ""
    door: str = ""
    token: str = ""
    address: str = ""
    subject: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows, the newest first, and the id before which the next page begins; None after the
    last."""

    records: list[AuditRecord]
    next: int | None


def matching(filters: Filters) -> QuerySet[AuditRecord]:
    """The rows that the filters keep, the newest first."""
    given = {name: value for name, value in asdict(filters).items() if value}
    lookups = {"subject": "subject__icontains", "since": "at__gte", "until": "at__lt"}
    return AuditRecord.objects.filter(
        Q(**{lookups.get(name, name): value for name, value in given.items()})
    )


def page(filters: Filters, before: int | None, limit: int) -> Page:
    rows = matching(filters)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    records = list(rows[: limit + 1])
    following = records[limit - 1].pk if len(records) > limit else None
    return Page(records[:limit], following)


def exported(filters: Filters, form: Format) -> Iterator[str]:
    """All rows that the filters keep, the oldest first, as lines of text."""
    return exports.lines(_rows(filters), COLUMNS, form)


def _rows(filters: Filters) -> Iterator[Mapping[str, object]]:
    wanted, last = matching(filters).order_by("pk").values(*COLUMNS), 0
    while rows := list(wanted.filter(pk__gt=last)[:BATCH]):
        yield from rows
        last = rows[-1]["id"]

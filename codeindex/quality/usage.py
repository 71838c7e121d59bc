"""How the search is used, counted from the audit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import connection
from django.utils import timezone

from codeindex.audit import Access
from codeindex.models import AuditRecord, UsageDay

FOLLOWED_WITHIN = 600
"""Seconds. A search counts as followed if the next thing that its user does within them is to read
a file or a definition."""

REPEATED_WITHIN = 120
"""The same search again within these seconds, for more results, is counted once."""

SHOWN_DAYS = 60
EMPTY_DAYS = 30
MOST_EMPTY = 100

SEARCHES = (Access.SEARCHED, Access.LINES_SEARCHED, Access.SIMILAR_SEARCHED)
READS = (Access.DEFINITION_READ, Access.FILE_READ, Access.VECTOR_READ, Access.REFERENCES_READ)


@dataclass(frozen=True, slots=True)
class Question:
    """What was searched for in vain: how often, and when last."""

    text: str
    times: int
    last: datetime


def count() -> None:
    """Count the days since the last one that was counted, and that one again."""
    last = UsageDay.objects.order_by("-day").values_list("day", flat=True).first()
    today = timezone.now().date()
    day = last or _first_day() or today
    while day <= today:
        _count(day)
        day += timedelta(days=1)


def days() -> Sequence[UsageDay]:
    """The last SHOWN_DAYS."""
    since = timezone.now().date() - timedelta(days=SHOWN_DAYS)
    return list(UsageDay.objects.filter(day__gt=since))


def questions_without_results() -> list[Question]:
    """What was searched for in vain in the last EMPTY_DAYS, as far as the audit keeps texts, the
    most frequent first."""
    with connection.cursor() as cursor:
        cursor.execute(
            _EMPTY,
            {
                "since": timezone.now() - timedelta(days=EMPTY_DAYS),
                "actions": [action.name.lower() for action in SEARCHES],
                "limit": MOST_EMPTY,
            },
        )
        return [Question(*row) for row in cursor.fetchall()]


def _first_day() -> date | None:
    oldest = AuditRecord.objects.order_by("at").values_list("at", flat=True).first()
    return oldest.date() if oldest else None


def _count(day: date) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            _COUNT,
            {
                "day": day,
                "searches": [action.name.lower() for action in SEARCHES],
                "reads": [action.name.lower() for action in READS],
                "within": FOLLOWED_WITHIN,
                "repeated": REPEATED_WITHIN,
            },
        )


# Who acts is a user, or an address. Days are those of UTC, as the session's time zone is.
_COUNT = """
INSERT INTO codeindex_usageday (day, door, searches, followed, empty)
SELECT %(day)s, door, count(*), count(*) FILTER (WHERE followed), count(*) FILTER (WHERE nothing)
FROM (
    SELECT door, at, action,
        action = ANY(%(searches)s) AND lead(action) OVER acts = action
            AND lead(text) OVER acts = text AND text <> ''
            AND lead(at) OVER acts < at + make_interval(secs => %(repeated)s) AS repeated,
        lead(action) OVER acts = ANY(%(reads)s)
            AND lead(at) OVER acts < at + make_interval(secs => %(within)s) AS followed,
        details LIKE '0 %%' AS nothing
    FROM codeindex_auditrecord
    WHERE at >= %(day)s::date AND at < %(day)s::date + interval '1 day 1 hour'
      AND action = ANY(%(searches)s::text[] || %(reads)s::text[])
    WINDOW acts AS (PARTITION BY door, coalesce(user_id::text, address) ORDER BY id)
) AS acted
WHERE action = ANY(%(searches)s) AND at < %(day)s::date + interval '1 day'
  AND repeated IS NOT TRUE
GROUP BY door
ON CONFLICT (day, door) DO UPDATE
SET searches = excluded.searches, followed = excluded.followed, empty = excluded.empty
"""
_EMPTY = """
SELECT text, count(*), max(at) FROM codeindex_auditrecord
WHERE at >= %(since)s AND action = ANY(%(actions)s) AND details LIKE '0 %%' AND text <> ''
GROUP BY text ORDER BY count(*) DESC, max(at) DESC LIMIT %(limit)s
"""

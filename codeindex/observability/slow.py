"""The log of slow searches: their stages, their candidates, and how Postgres plans their slowest
statement. At most one a minute is explained, since explaining takes time, too.

The plan is that of EXPLAIN without ANALYZE: nothing is executed again. Constants in it may be words
of the query, and are left out unless the audit may keep those, too."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterable
from threading import Lock

from django.conf import settings
from django.db import Error, connection, transaction

from codeindex.observability import stages
from codeindex.observability.stages import Operation, Statement

SECONDS_BETWEEN = 60.0

EXPLAIN_SECONDS = 1
"""The longest that planning may take."""

LONGEST_PLAN, LONGEST_CONSTANT = 20_000, 200
"""Characters."""

_CONSTANT = re.compile(r"'(?:[^']|'')*+'")

logger = logging.getLogger(__name__)


class SlowOperations:
    """Explains operations that take `milliseconds` or longer."""

    def __init__(self, milliseconds: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._milliseconds, self._clock = milliseconds, clock
        self._lock = Lock()
        self._next = 0.0
        self._skipped = 0

    def __call__(self, operation: Operation) -> None:
        if 1000 * operation.seconds < self._milliseconds:
            return
        with self._lock:
            now = self._clock()
            if now < self._next:
                self._skipped += 1
                return
            self._next, skipped, self._skipped = now + SECONDS_BETWEEN, self._skipped, 0
        logger.warning("%s", _explanation(operation, skipped))


def listen() -> None:
    """Explains slow operations of this process, if the settings say so."""
    if settings.CODEINDEX_SLOW_SEARCH_MS:
        stages.listen("slow", SlowOperations(settings.CODEINDEX_SLOW_SEARCH_MS))


def _explanation(operation: Operation, skipped: int) -> str:
    taken = operation.seconds_by_stage()
    by_time = sorted(taken.items(), key=lambda stage: -stage[1])
    sentences = [
        f"A slow operation ({operation.name}) took {1000 * operation.seconds:,.0f} ms",
        f"Stages in ms: {_listed((name, 1000 * seconds) for name, seconds in by_time)}",
        f"Found: {_listed(operation.counts.items())}",
    ]
    if skipped:
        sentences.append(f"{skipped} slow operations since the last such line were not explained")
    if slowest := operation.slowest:
        sentences.append(f"The slowest statement took {1000 * slowest.seconds:,.0f} ms. Its plan")
        return ". ".join(sentences) + f":\n{plan(slowest)}"
    return ". ".join(sentences) + "."


def _listed(numbers: Iterable[tuple[str, float]]) -> str:
    return ", ".join(f"{name} {number:,.0f}" for name, number in numbers) or "nothing"


def plan(statement: Statement) -> str:
    """How Postgres would execute the statement, or why that is unknown."""
    own = {**statement.settings, "statement_timeout": f"'{EXPLAIN_SECONDS}s'"}
    prefix = "".join(f"SET LOCAL {name} = {value};" for name, value in own.items())
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(prefix)
            cursor.execute(f"EXPLAIN {statement.sql}", statement.parameters)
            lines = "\n".join(line for (line,) in cursor.fetchall())
    except Error as error:
        return f"(unknown: {str(error).splitlines()[0] if str(error) else type(error).__name__})"
    return _CONSTANT.sub(_shown, lines)[:LONGEST_PLAN]


def _shown(constant: re.Match[str]) -> str:
    may_be_kept = settings.CODEINDEX_AUDIT_TEXT == "keep"
    return constant[0] if may_be_kept and len(constant[0]) <= LONGEST_CONSTANT else "'…'"

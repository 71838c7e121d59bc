"""Running SQL statements of a search, within its time limit. Statements are written as SQL, since
the ORM takes as long to compose one as Postgres takes to answer it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from django.conf import settings as configured
from django.db import DEFAULT_DB_ALIAS, Error, OperationalError, connections
from psycopg.errors import QueryCanceled

from codeindex.databases import replica
from codeindex.observability import stages

NO_SETTINGS: Mapping[str, str] = MappingProxyType({})


@dataclass(slots=True)
class TimeBudget:
    """How long Postgres may still work on a search, in seconds."""

    seconds: float


_budget: ContextVar[TimeBudget | None] = ContextVar("budget", default=None)


class SearchTimeout(OperationalError):
    """A search was stopped at its time limit. The message is fit for a user."""

    def __init__(self) -> None:
        super().__init__(
            f"The search took longer than {configured.CODEINDEX_SEARCH_SECONDS} seconds and was"
            " stopped. Narrow it: name a repository, or use fewer filters."
        )


@contextmanager
def time_limit(seconds: float | None = None) -> Iterator[None]:
    """Limits the statements of the block, or of the function that this decorates, to so many
    seconds together (default: CODEINDEX_SEARCH_SECONDS); after that `rows` raises `SearchTimeout`.
    Time between the statements does not count, since a model may be loaded first."""
    own = TimeBudget(seconds) if seconds else _full_budget()
    outer = _budget.set(_budget.get() or own)
    try:
        yield
    finally:
        _budget.reset(outer)


def _full_budget() -> TimeBudget:
    return TimeBudget(configured.CODEINDEX_SEARCH_SECONDS)


def array_literal(numbers: Iterable[int]) -> str:
    """Integers as a Postgres array literal: faster than a list, which psycopg adapts number by
    number."""
    return f"{{{','.join(map(str, numbers))}}}"


def rows(
    statement: str,
    parameters: Mapping[str, Any] | Sequence[Any],
    settings: Mapping[str, str] = NO_SETTINGS,
) -> list[tuple[Any, ...]]:
    """The rows that a statement selects; its placeholders are `%(name)s` or `%s`. `settings` of
    Postgres hold for this statement alone. They are sent together with it, since each round trip
    costs as much as a small statement. The replica answers if there is one, and the primary if it
    fails. Raises `SearchTimeout`."""
    if replica.is_usable():
        try:
            return _rows(replica.ALIAS, statement, parameters, settings)
        except SearchTimeout:
            raise
        except Error as error:
            replica.fail(error)
    return current_rows(statement, parameters, settings)


def current_rows(
    statement: str,
    parameters: Mapping[str, Any] | Sequence[Any],
    settings: Mapping[str, str] = NO_SETTINGS,
) -> list[tuple[Any, ...]]:
    """The same from the primary: what must hold at once, such as who may see what."""
    return _rows(DEFAULT_DB_ALIAS, statement, parameters, settings)


def _rows(
    database: str,
    statement: str,
    parameters: Mapping[str, Any] | Sequence[Any],
    settings: Mapping[str, str],
) -> list[tuple[Any, ...]]:
    budget = _budget.get() or _full_budget()
    milliseconds = round(1000 * budget.seconds)
    if milliseconds <= 0:
        raise SearchTimeout
    settings = {**settings, "statement_timeout": str(milliseconds)}
    prefix = "".join(f"SET LOCAL {name} = {value};" for name, value in settings.items())
    started = time.monotonic()
    with connections[database].cursor() as cursor:
        try:
            cursor.execute(prefix + statement, parameters)
        except OperationalError as error:
            if isinstance(error.__cause__, QueryCanceled):
                raise SearchTimeout from error
            raise
        finally:
            taken = time.monotonic() - started
            budget.seconds -= taken
            stages.note_statement(statement, parameters, settings, taken)
        for _ in settings:
            cursor.nextset()
        return list(cursor.fetchall())

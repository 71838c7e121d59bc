"""Statements of the search, in SQL: the ORM takes as long to put one together as Postgres to answer
it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from django.conf import settings as configured
from django.db import OperationalError, connection
from psycopg.errors import QueryCanceled

AS_THEY_ARE: Mapping[str, str] = MappingProxyType({})


@dataclass(slots=True)
class Patience:
    """How long Postgres may still work on a search, in seconds."""

    seconds: float


_patience: ContextVar[Patience | None] = ContextVar("patience", default=None)


class TookTooLong(OperationalError):
    """A search was given up; the message says so and is fit for a user."""

    def __init__(self) -> None:
        super().__init__(
            f"The search took longer than {configured.CODEINDEX_SEARCH_SECONDS} seconds and was"
            " ended. Narrow it: name a repository, or leave out filters."
        )


@contextmanager
def within_time() -> Iterator[None]:
    """The statements of the block, or of the function that this decorates, take
    CODEINDEX_SEARCH_SECONDS together at most; `rows` raises `TookTooLong` after that. What happens
    between them does not count: a model may be loaded first."""
    outside = _patience.set(_patience.get() or _whole())
    try:
        yield
    finally:
        _patience.reset(outside)


def _whole() -> Patience:
    return Patience(configured.CODEINDEX_SEARCH_SECONDS)


def array(numbers: Iterable[int]) -> str:
    """Whole numbers as Postgres reads an array: a list would be put together number by number."""
    return f"{{{','.join(map(str, numbers))}}}"


def rows(
    statement: str,
    given: Mapping[str, object] | Sequence[object],
    settings: Mapping[str, str] = AS_THEY_ARE,
) -> list[tuple[Any, ...]]:
    """What a statement selects; `%(name)s` in it stands for what is given by that name, or `%s` for
    what is next. Settings of Postgres hold for it alone, and are sent with it: each way to Postgres
    and back costs as much as a small statement. Raises `TookTooLong`."""
    patience = _patience.get() or _whole()
    milliseconds = round(1000 * patience.seconds)
    if milliseconds <= 0:
        raise TookTooLong
    settings = {**settings, "statement_timeout": str(milliseconds)}
    before = "".join(f"SET LOCAL {name} = {value};" for name, value in settings.items())
    began = time.monotonic()
    with connection.cursor() as cursor:
        try:
            cursor.execute(before + statement, given)
        except OperationalError as error:
            if isinstance(error.__cause__, QueryCanceled):
                raise TookTooLong from error
            raise
        finally:
            patience.seconds -= time.monotonic() - began
        for _ in settings:
            cursor.nextset()
        return list(cursor.fetchall())

"""Statements of the search, in SQL: the ORM takes as long to put one together as Postgres to answer
it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from django.db import connection

AS_THEY_ARE: Mapping[str, str] = MappingProxyType({})


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
    and back costs as much as a small statement."""
    before = "".join(f"SET LOCAL {name} = {value};" for name, value in settings.items())
    with connection.cursor() as cursor:
        cursor.execute(before + statement, given)
        for _ in settings:
            cursor.nextset()
        return list(cursor.fetchall())

"""What the indexed commit of a branch consists of: languages and top directories."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import BigIntegerField, Count, F, Func, QuerySet, Sum, TextField, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from codeindex.models import Branch, SourceFile

MOST_SHARES = 12
"""Of languages, and of directories."""


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a commit: its files, its bytes, and `percent` of all bytes."""

    name: str
    files: int
    bytes: int
    percent: int


def languages(branch: Branch) -> list[Share]:
    """The largest ones, by the bytes of their files."""
    return _largest(_live(branch), F("blob__language"))


def directories(branch: Branch) -> list[Share]:
    """The largest directories at the top of the branch."""
    first = Func(F("path"), Value("/"), Value(1), function="split_part", output_field=TextField())
    return _largest(_live(branch).filter(path__contains="/"), first)


def _live(branch: Branch) -> QuerySet[SourceFile]:
    return SourceFile.objects.filter(branch=branch, live=True)


def _largest(files: QuerySet[SourceFile], part: Combinable) -> list[Share]:
    # Postgres knows a content's length without reading it
    length = Func(F("blob__content"), function="octet_length", output_field=BigIntegerField())
    rows = list(
        files.annotate(part=part)
        .values("part")
        .annotate(count=Count("pk"), bytes=Coalesce(Sum(length), 0))
        .order_by("-bytes", "part")
        .values_list("part", "count", "bytes")
    )
    total = sum(size for *_, size in rows) or 1
    return [
        Share(name, count, size, round(100 * size / total))
        for name, count, size in rows[:MOST_SHARES]
    ]

"""The live definitions, as training reads them: each text once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Max, Min, QuerySet

from codeindex.models import Repository, SourceFile, Text
from embeddings.files.path_rules import PathKind, all_kinds

ROWS_AT_ONCE = 1_000
"""Definitions in memory at once."""

FIELDS = (
    "branch__repository__name",
    "path",
    "blob__definitions__kind",
    "blob__language",
    "blob__definitions__name",
    "blob__definitions__qualified_name",
    "blob__definitions__text__body",
    "blob__definitions__docstring",
)


@dataclass(frozen=True, slots=True)
class LiveDefinition:
    """A definition that a search can find. `repository` is a name, which the copies of several
    owners share; `text` is what an encoder reads; `test` says whether its path is that of a
    test."""

    repository: str
    path: str
    kind: str
    language: str
    name: str
    qualified_name: str
    text: str
    docstring: str
    test: bool


def definitions(
    repositories: QuerySet[Repository], rows_at_once: int = ROWS_AT_ONCE
) -> Iterator[LiveDefinition]:
    """The live definitions of the repositories; of those that share a text, only the one of the
    first repository and path. They are read by ranges of their texts' ids, so any number fits in
    memory."""
    first, last = Text.objects.aggregate(Min("pk", default=1), Max("pk", default=0)).values()
    for start in range(first, last + 1, rows_at_once):
        for row in _of_texts(repositories, start, start + rows_at_once):
            is_test = PathKind.TEST in all_kinds(row[1])
            yield LiveDefinition(*row, is_test)  # type: ignore[call-arg]  # as many as FIELDS


def _of_texts(
    repositories: QuerySet[Repository], start: int, end: int
) -> QuerySet[SourceFile, tuple[Any, ...]]:
    """All conditions are in one filter: those of a second one are of any definition of the file."""
    text = "blob__definitions__text"
    texts = {f"{text}__gte": start, f"{text}__lt": end}
    return (
        SourceFile.objects.live()
        .filter(branch__repository__in=repositories, **texts)
        .order_by(text, "branch__repository", "path", "blob__definitions__start_line")
        .distinct(text)
        .values_list(*FIELDS)
    )

"""What is live, as training reads it: definitions one after the other, each text once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import QuerySet

from codeindex.models import Repository, SourceFile
from embeddings.code.path_rules import PathKind, all_kinds

ROWS = 1_000
"""Definitions that are held at once."""

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
    """A definition that a search can find. `repository` is a name, the same for the copies that
    several owners have; `text` what an encoder reads; `test` whether its file is one of tests, by
    its path."""

    repository: str
    path: str
    kind: str
    language: str
    name: str
    qualified_name: str
    text: str
    docstring: str
    test: bool


def definitions(repositories: QuerySet[Repository]) -> Iterator[LiveDefinition]:
    """The live definitions of the repositories; of those that share a text, the one of the first
    repository and path. Read through a cursor: any number fits in memory."""
    text = "blob__definitions__text"
    rows = (
        SourceFile.objects.filter(live=True, branch__repository__in=repositories)
        .filter(blob__definitions__isnull=False)
        .order_by(text, "branch__repository", "path", "blob__definitions__start_line")
        .distinct(text)
        .values_list(*FIELDS)
    )
    for repository, path, *rest in rows.iterator(ROWS):
        yield LiveDefinition(repository, path, *rest, test=PathKind.TEST in all_kinds(path))

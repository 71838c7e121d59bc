"""What is shown of a use of a name: its line, and the definition around it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.urls import reverse

from search.candidates import sql
from search.results import Place

if TYPE_CHECKING:
    from search.references.finding import Reference
    from search.references.users import UsingFile

WIDTH = 300
"""Characters of a line."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A reference with its line's text, cut at WIDTH, and the innermost named definition around it,
    if there is one."""

    reference: Reference
    text: str
    around: Place | None

    @property
    def url(self) -> str:
        """The line, on its file's page."""
        return f"{reverse('file', args=[self.reference.file.id])}#L{self.reference.line}"

    @property
    def permalink(self) -> str:
        """The line, at an address that stays valid."""
        return self.reference.file.origin.permalink(self.reference.file.path, self.reference.line)

    @property
    def host_link(self) -> str:
        """The line on the code host; empty if there is no link."""
        return self.reference.file.origin.host_link(self.reference.file.path, self.reference.line)


def read(references: Sequence[Reference]) -> list[Excerpt]:
    """An excerpt for each of the references."""
    around = enclosing(references)
    texts = _texts({(each.file.blob, each.line) for each in references})
    return [
        Excerpt(each, texts.get((each.file.blob, each.line), ""), around[each.file.id, each.line])
        for each in references
    ]


def enclosing(references: Iterable[Reference]) -> dict[tuple[int, int], Place | None]:
    """(file, line) → the innermost named definition around it."""
    wanted = {(each.file.blob, each.line): None for each in references}
    rows = sql.rows(ENCLOSING, _arrays(wanted))
    found = {(blob, line): definition for blob, line, *definition in rows}
    return {
        (each.file.id, each.line): _place(each.file, found.get((each.file.blob, each.line)))
        for each in references
    }


def _place(file: UsingFile, definition: Sequence[object] | None) -> Place | None:
    if definition is None:
        return None
    return Place(file.origin, file.path, file.id, *definition)  # type: ignore[arg-type]


def _texts(wanted: Iterable[tuple[int, int]]) -> dict[tuple[int, int], str]:
    return {(blob, line): text for blob, line, text in sql.rows(LINES, _arrays(wanted))}


def _arrays(wanted: Iterable[tuple[int, int]]) -> dict[str, str]:
    pairs = list(wanted)
    return {
        "blobs": sql.array_literal(blob for blob, _ in pairs),
        "lines": sql.array_literal(line for _, line in pairs),
    }


ENCLOSING = """
SELECT wanted.blob, wanted.line, around.*
FROM unnest(%(blobs)s::bigint[], %(lines)s::integer[]) AS wanted (blob, line)
CROSS JOIN LATERAL (
    SELECT id, kind, qualified_name, start_line, end_line FROM codeindex_definition
    WHERE blob_id = wanted.blob AND name <> ''
      AND start_line <= wanted.line AND end_line >= wanted.line
    ORDER BY start_line DESC, end_line LIMIT 1
) AS around
"""

# OFFSET 0 keeps Postgres from splitting a content again for each of its lines.
LINES = f"""
SELECT blob.id, line, coalesce(left(blob.lines[line], {WIDTH}), '')
FROM (SELECT id, wanted.numbers, string_to_array(content, E'\\n') AS lines
      FROM (SELECT blob, array_agg(line) AS numbers
            FROM unnest(%(blobs)s::bigint[], %(lines)s::integer[]) AS pair (blob, line)
            GROUP BY blob) AS wanted
      JOIN codeindex_blob ON id = wanted.blob OFFSET 0) AS blob
CROSS JOIN LATERAL unnest(blob.numbers) AS line
"""

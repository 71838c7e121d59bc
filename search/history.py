"""The versions of a definition that index runs have seen, newest first.

A commit that changes a file leaves the file's earlier row behind, with its content and definitions
(`SourceFileQuerySet.replaced`). A definition is followed by its name, and by its text into the file
that it was moved from. What lies between two indexed commits is not known here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import unified_diff
from typing import NamedTuple

import numpy as np

import embeddings
from codeindex.models import Definition, SourceFile
from codeindex.spaces import encoders
from search.candidates import sql

MOST_VERSIONS = 20
"""Versions that are shown, the newest ones."""

MOST_ROWS = 500
"""Rows of a file that are looked at; most have the same version of a definition."""

MOST_MOVES = 5

MOST_LINES = 1_000
"""Lines of a version that is compared with the one before."""

CONTEXT_LINES = 3


class DiffLine(NamedTuple):
    """A line of a diff: `kind` is added, removed, kept or gap, between distant changes."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Version:
    """A definition from a commit that was indexed until the next version's. `lines` are its source;
    `text` is what the encoder reads of it."""

    commit: str
    indexed: datetime | None
    path: str
    start_line: int
    end_line: int
    lines: Sequence[str]
    text: str


class _Row(NamedTuple):
    file: int
    run: int
    path: str
    definition: int
    text: int


def versions_of(file: SourceFile, definition: Definition) -> list[Version]:
    """Of a definition in a live file, the newest first: at most MOST_VERSIONS."""
    rows = [*_distinct(_rows(file, definition))][:MOST_VERSIONS]
    loaded = {
        (file_id, definition_id): Version(*columns)
        for file_id, definition_id, *columns in sql.rows(
            CONTENTS,
            {
                "files": sql.array_literal(row.file for row in rows),
                "definitions": sql.array_literal(row.definition for row in rows),
            },
        )
    }
    return [loaded[row.file, row.definition] for row in rows]


def diff(before: Version, after: Version) -> list[DiffLine]:
    """What changed from one version to the next; empty if one of them is too long."""
    if max(len(before.lines), len(after.lines)) > MOST_LINES:
        return []
    written = unified_diff(before.lines, after.lines, lineterm="", n=CONTEXT_LINES)
    # Two lines name the files, and the third one where the first change is.
    return [DiffLine(_KINDS[line[0]], line[1:]) for line in [*written][3:]]


_KINDS = {"+": "added", "-": "removed", " ": "kept", "@": "gap"}


def distances(versions: Sequence[Version], language: str) -> list[float]:
    """How far each version is from the newest one: 1 less the cosine of their vectors, by the
    encoder that this process searches with. Empty if that cannot be loaded."""
    try:
        encoder = encoders.searcher.encoder()
    except embeddings.EncoderUnavailable:
        return []
    vectors = encoder.encode_definitions([version.text for version in versions], language)
    return [max(0.0, float(distance)) for distance in 1 - np.asarray(vectors @ vectors[0])]


def _rows(file: SourceFile, definition: Definition) -> Iterator[_Row]:
    """The rows that have the definition, the newest first, of the file and of those from which the
    definition was moved."""
    place = Definition.objects.filter(
        blob=file.blob_id, kind=definition.kind, qualified_name=definition.qualified_name,
        start_line__lt=definition.start_line,
    ).count()  # fmt: skip
    path = file.path
    last = None
    for _ in range(MOST_MOVES):
        for row in _rows_at(file.branch_id, path, definition, place, last):
            last = row
            yield row
        if last is None:
            return
        moved = sql.rows(MOVED, {"branch": file.branch_id, "run": last.run, "text": last.text})
        if not moved:
            return
        path = moved[0][0]


def _rows_at(
    branch: int, path: str, definition: Definition, place: int, after: _Row | None
) -> Iterator[_Row]:
    """At a path, before the row `after`. They end where the definition is not in the file."""
    parameters = {
        "branch": branch, "path": path, "kind": definition.kind,
        "name": definition.qualified_name, "place": place, "most": MOST_ROWS,
        "before": after.run if after else None,
    }  # fmt: skip
    for columns in sql.rows(ROWS, parameters):
        row = _Row(*columns)
        if row.definition is None:
            return
        yield row


def _distinct(rows: Iterator[_Row]) -> Iterator[_Row]:
    """Of neighbours with the same text, the oldest: the text came with its commit."""
    held: _Row | None = None
    for row in rows:
        if held is not None and row.text != held.text:
            yield held
        held = row
    if held is not None:
        yield held


PUBLISHED = """(file.live OR NOT file.live AND run.published IS NOT NULL
    AND file.until_run_id <> file.from_run_id
    AND EXISTS (SELECT FROM codeindex_indexrun AS until
                WHERE until.id = file.until_run_id AND until.published IS NOT NULL))"""
"""Of a file that is live or was: as `SourceFileQuerySet.live` and `replaced` say."""

ROWS = f"""
SELECT file.id, file.from_run_id, file.path, own.id, own.text_id
FROM codeindex_sourcefile AS file
JOIN codeindex_indexrun AS run ON run.id = file.from_run_id
LEFT JOIN LATERAL (
    SELECT id, text_id FROM codeindex_definition AS definition
    WHERE definition.blob_id = file.blob_id AND kind = %(kind)s AND qualified_name = %(name)s
    ORDER BY start_line, id OFFSET %(place)s LIMIT 1
) AS own ON true
WHERE file.branch_id = %(branch)s AND file.path = %(path)s AND {PUBLISHED}
  AND (%(before)s::bigint IS NULL OR file.from_run_id < %(before)s)
ORDER BY file.from_run_id DESC LIMIT %(most)s
"""

MOVED = f"""
SELECT file.path
FROM codeindex_sourcefile AS file
JOIN codeindex_indexrun AS run ON run.id = file.from_run_id
WHERE file.branch_id = %(branch)s AND file.until_run_id = %(run)s AND NOT file.live AND {PUBLISHED}
  AND EXISTS (SELECT FROM codeindex_definition AS definition
              WHERE definition.blob_id = file.blob_id AND definition.text_id = %(text)s)
ORDER BY file.path LIMIT 1
"""

CONTENTS = """
SELECT file.id, definition.id, run.commit, run.published, file.path, definition.start_line,
       definition.end_line,
       (string_to_array(blob.content, E'\\n'))[definition.start_line:definition.end_line], text.body
FROM unnest(%(files)s::bigint[], %(definitions)s::bigint[]) AS wanted (file, definition)
JOIN codeindex_sourcefile AS file ON file.id = wanted.file
JOIN codeindex_indexrun AS run ON run.id = file.from_run_id
JOIN codeindex_definition AS definition ON definition.id = wanted.definition
JOIN codeindex_blob AS blob ON blob.id = definition.blob_id
JOIN codeindex_text AS text ON text.id = definition.text_id
"""

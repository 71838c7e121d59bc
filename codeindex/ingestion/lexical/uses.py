"""Writes which names the contents of files use."""

from __future__ import annotations

from collections.abc import Sequence

from codeindex.ingestion.bulk import binary_cursor
from codeindex.ingestion.contents import ReadBlob


def save(read: Sequence[tuple[int, ReadBlob]]) -> None:
    """The names that new blobs use, given with their ids."""
    rows = [
        (blob, used.names, used.ends, used.uses, used.is_cut)
        for blob, content in read
        if (used := content.uses) and used.names
    ]
    if not rows:
        return
    with binary_cursor() as cursor:
        cursor.executemany(INSERT, rows)


INSERT = """
INSERT INTO codeindex_namesused (blob_id, names, ends, uses, is_cut)
VALUES (%b, %b::text[], %b::integer[], %b::integer[], %b)
"""

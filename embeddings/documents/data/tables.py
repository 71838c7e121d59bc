"""Files of rows: tables such as CSV, JSON objects a line, lock files and logs."""

from __future__ import annotations

from collections.abc import Iterator

from embeddings.code.windows import LONG_UNIT
from embeddings.documents.data.keys import MOST_DATA_WINDOWS
from embeddings.documents.units import Lines
from embeddings.types import Definition, Kind

SHOWN_ROWS = 20
SHOWN_CHARACTERS = 500


def read(source: str, language: str) -> Iterator[Definition]:
    """One unit, with the header and the first rows of a long table, whose rows are then in a few
    windows."""
    lines = Lines.split(source, language)
    filled = lines.trimmed(0, lines.last)
    if filled is None:
        return
    if lines.size(*filled) > LONG_UNIT:
        first, last = filled
        rows = lines.texts[first : min(last, first + SHOWN_ROWS) + 1]
        text = "\n".join(row[:SHOWN_CHARACTERS] for row in rows)
        yield lines.unit(Kind.FILE, first, last, text=text)
        yield from lines.blocks(first, last, most=MOST_DATA_WINDOWS)
    else:
        yield lines.unit(Kind.FILE, *filled)

"""Lines of CSV, one at a time, which a spreadsheet opens without computing anything."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence


def written(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> Iterator[str]:
    """The head, and a line for each row."""
    line = csv.writer(_Echo())
    yield line.writerow(columns)
    for row in rows:
        yield line.writerow([_harmless(_text(row[name])) for name in columns])


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _harmless(cell: str) -> str:
    """The cell, prefixed if a spreadsheet would take it for a formula. Strangers choose names and
    searches."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


class _Echo:
    """A file that returns what is written, for `csv`."""

    def write(self, line: str) -> str:
        return line

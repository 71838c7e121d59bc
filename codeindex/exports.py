"""Rows as files for other programs: CSV that a spreadsheet opens without computing anything, or
JSON Lines."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType


class Format(StrEnum):
    CSV = "csv"
    JSON_LINES = "jsonl"


CONTENT_TYPES: Mapping[Format, str] = MappingProxyType(
    {Format.CSV: "text/csv; charset=utf-8", Format.JSON_LINES: "application/jsonl"}
)

Row = Mapping[str, object]


def lines(rows: Iterable[Row], columns: Sequence[str], form: Format) -> Iterator[str]:
    """The rows as lines of text; CSV begins with a header. Times are in ISO 8601; a list is an
    array in JSON, and its elements separated by commas in CSV."""
    if form == Format.JSON_LINES:
        return (f"{json.dumps({name: _value(row[name]) for name in columns})}\n" for row in rows)
    return _csv_lines(rows, columns)


def _csv_lines(rows: Iterable[Row], columns: Sequence[str]) -> Iterator[str]:
    line = csv.writer(_Echo())
    yield line.writerow(columns)
    for row in rows:
        yield line.writerow([_harmless(_cell(row[name])) for name in columns])


def _value(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


def _cell(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return "" if value is None else str(_value(value))


def _harmless(cell: str) -> str:
    """The cell, prefixed if a spreadsheet would take it for a formula. Strangers choose names and
    searches."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


class _Echo:
    """A file that returns what is written, for `csv`."""

    def write(self, line: str) -> str:
        return line

"""Rows as files for other programs: CSV, or an object of JSON a line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from codeindex import csv_lines


class Format(StrEnum):
    CSV = "csv"
    JSON_LINES = "jsonl"


CONTENT_TYPES: Mapping[Format, str] = MappingProxyType(
    {Format.CSV: "text/csv; charset=utf-8", Format.JSON_LINES: "application/jsonl"}
)

Row = Mapping[str, object]


def written(rows: Iterable[Row], columns: Sequence[str], form: Format) -> Iterator[str]:
    """The rows as lines of text. Times are in ISO 8601; a list is an array in JSON, and its
    elements separated by commas in CSV."""
    if form == Format.JSON_LINES:
        return (f"{json.dumps({name: _value(row[name]) for name in columns})}\n" for row in rows)
    return csv_lines.written(
        columns, ({name: _cell(row[name]) for name in columns} for row in rows)
    )


def _value(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


def _cell(value: object) -> object:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else _value(value)

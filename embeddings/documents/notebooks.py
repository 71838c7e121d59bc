"""Jupyter notebooks, as a script of their cells.

Nobody reads a notebook as it is stored: sources are escaped strings in JSON, among outputs and
images. It is converted to a script in which a line `# %% [language]` begins each cell, as in
jupytext's percent format; outputs are left out. Lines are counted in this script.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import Any

from embeddings.code import languages
from embeddings.code.languages import TEXT, FileType, Language
from embeddings.code.languages.language import EmbeddedCode
from embeddings.documents import markdown, plain
from embeddings.documents.embedded import definitions_of
from embeddings.documents.units import MOST_WINDOWS, Lines
from embeddings.types import Definition, Kind

MOST_CELLS = 1_000
"""Later cells are blocks of text."""

_CELL = re.compile(r"# %% \[([\w+#.-]{1,20})\]$")
_DEFAULT_LANGUAGE = "python"
_NAMED = frozenset(Kind) - {Kind.BLOCK, Kind.CONSTANT, Kind.MODULE, Kind.FILE}


@dataclass(frozen=True, slots=True)
class _Cell:
    """The lines of a cell's source, from 0, and its type; text where its language is unknown."""

    file_type: FileType
    first: int
    last: int


def readable(source: str) -> str:
    """A notebook as a script; its own text if it is no notebook."""
    try:
        notebook = json.loads(source)
        cells = _cells_of(notebook)
    except (ValueError, RecursionError, AttributeError, TypeError):
        return source
    language = _language(notebook)
    return "\n\n".join(_written(cell, language) for cell in cells) + "\n" if cells else source


def read(source: str, language: str) -> Iterator[Definition]:
    """A cell's source is a unit of its language, and so are the functions and classes in it. Cells
    are named by the first heading in them; code lies in the last heading before it."""
    lines = Lines.split(source, language)
    cells = [*_cells(lines)]
    if not cells:
        yield from plain.read(source, language)
        return
    section = ""
    for cell in cells[:MOST_CELLS]:
        if cell.file_type.name == "markdown":
            texts = lines.texts[cell.first : cell.last + 1]
            heading = next(markdown.headings(texts), None) if texts else None
            name = heading.title if heading else ""
            section = name or section
            yield from _units(lines, cell, name, section)
        else:
            yield from _units(lines, cell, "", section)
            yield from _definitions(lines, cell, section)
    if cells[MOST_CELLS:]:
        yield from lines.blocks(cells[MOST_CELLS].first, lines.last)


def code(source: str) -> Iterator[EmbeddedCode]:
    """The cells of a notebook that has been converted."""
    lines = Lines.split(source, "")
    for cell in islice(_cells(lines), MOST_CELLS):
        yield EmbeddedCode(lines.text(cell.first, cell.last), cell.file_type, cell.first)


def _cells_of(notebook: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The cells; those of old formats lie in worksheets."""
    worksheets = notebook.get("worksheets") or [notebook]
    return [
        cell for sheet in worksheets for cell in sheet.get("cells") or () if cell.get("cell_type")
    ]


def _language(notebook: Mapping[str, Any]) -> str:
    metadata = notebook.get("metadata") or {}
    about, kernel = (metadata.get(key) or {} for key in ("language_info", "kernelspec"))
    told = about.get("name") or kernel.get("language") or _DEFAULT_LANGUAGE
    return str(told).lower()


def _written(cell: Mapping[str, Any], language: str) -> str:
    kind = str(cell["cell_type"])
    shown = {"code": language, "heading": "markdown"}.get(kind, kind)
    told = cell.get("source", cell.get("input", ""))
    text = told if isinstance(told, str) else "".join(map(str, told))
    if kind == "heading":
        text = "#" * int(cell.get("level", 1)) + f" {text}"
    label = re.sub(r"[^\w+#.-]", "", shown)[:20] or "raw"
    return f"# %% [{label}]\n{text}".rstrip()


def _cells(lines: Lines) -> Iterator[_Cell]:
    begins = [number for number, text in enumerate(lines.texts) if _CELL.match(text)]
    if not begins or lines.trimmed(0, begins[0] - 1):
        return
    for begin, end in pairwise([*begins, lines.last + 1]):
        mark = _CELL.match(lines.texts[begin])
        assert mark is not None
        first, last = lines.stripped(begin + 1, end - 1)
        if first <= last and lines.trimmed(first, last):
            yield _Cell(_type(mark[1]), first, last)


def _type(language: str) -> FileType:
    try:
        return languages.by_name(language)
    except KeyError:
        return TEXT


def _units(lines: Lines, cell: _Cell, name: str, section: str) -> Iterator[Definition]:
    inside = Lines(cell.file_type.name, lines.texts, lines.starts)
    yield from inside.long_part(Kind.CELL, cell.first, cell.last, name, section, MOST_WINDOWS)


def _definitions(lines: Lines, cell: _Cell, section: str) -> Iterator[Definition]:
    if isinstance(cell.file_type, Language):
        code = lines.text(cell.first, cell.last)
        for found in definitions_of(code, cell.file_type, cell.first, lines.starts[cell.first]):
            if found.kind in _NAMED:
                yield found

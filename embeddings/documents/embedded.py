"""Code of another language inside a file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from embeddings.code.definitions import extract
from embeddings.code.languages import FileType
from embeddings.code.parsing import UnreadableSource
from embeddings.documents import plain
from embeddings.types import Definition, Kind


def definitions_of(code: str, file_type: FileType, line: int, byte: int) -> Iterator[Definition]:
    """What is found in code that begins at a line, from 0, and a byte of its file. Code that takes
    too long to parse is in windows; a part of a file is not a module."""
    try:
        found = extract(code, file_type).definitions
    except UnreadableSource:
        found = [*plain.read(code, file_type.name)]
    for definition in found:
        if definition.kind != Kind.MODULE:
            yield replace(
                definition,
                start_line=definition.start_line + line,
                end_line=definition.end_line + line,
                start_byte=definition.start_byte + byte,
                end_byte=definition.end_byte + byte,
            )

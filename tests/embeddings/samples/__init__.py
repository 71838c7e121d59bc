"""One folder a language: a source, the definitions that are found in it (`definitions.txt`) and the
path-contexts of some of them (`contexts.txt`), both as this module writes them."""

from __future__ import annotations

from pathlib import Path

from embeddings.files.decoding import decode
from embeddings.code.definitions import extract
from embeddings.code.languages import FileType, by_name, by_path
from embeddings.paths import contexts
from embeddings.types import Definition, PathContext

FOLDER = Path(__file__).parent
FEW = 40
"""Contexts are written out for definitions that have no more than these."""


def source_of(language: FileType) -> Path:
    """The one source in a language's folder."""
    files = (FOLDER / language.name).iterdir()
    [source] = [path for path in files if by_path(path.name) is by_name(language.name)]
    return source


def definitions_in(path: Path) -> list[Definition]:
    file_type = by_path(path.name)
    assert file_type is not None
    return extract(decode(path.read_bytes(), file_type), file_type).definitions


def written_definitions(path: Path) -> str:
    """Each definition: kind, name and lines, then its docstring and its text."""
    return "\n".join(_written_definition(definition) for definition in definitions_in(path))


def written_contexts(path: Path) -> str:
    """The contexts of the definitions that have few: start, path with its top in brackets, end."""
    written = []
    for definition in definitions_in(path):
        found = contexts(definition.text, definition.language, kind=definition.kind)
        if len(found) <= FEW:
            lines = "".join(f"    {_written_context(context)}\n" for context in found)
            written.append(f"{definition.kind} {definition.qualified_name}\n{lines}")
    return "\n".join(written)


def _written_definition(definition: Definition) -> str:
    head = f"{definition.kind} {definition.qualified_name}".rstrip()
    lines = f"lines {definition.start_line} to {definition.end_line}"
    docstring, text = _indented(definition.docstring, '"   '), _indented(definition.text, "    ")
    return f"{head}, {lines}\n{docstring}{text}"


def _written_context(context: PathContext) -> str:
    kinds = list(context.path)
    kinds[context.top] = f"[{kinds[context.top]}]"
    return f"{context.start.token} | {' '.join(kinds)} | {context.end.token}"


def _indented(text: str, margin: str) -> str:
    return "".join(f"{margin}{line}".rstrip() + "\n" for line in text.splitlines())

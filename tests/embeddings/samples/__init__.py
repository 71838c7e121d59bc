"""One folder a language: a source, the definitions that are found in it (`definitions.txt`) and the
path-contexts of some of them (`contexts.txt`), and the names that are used in it (`uses.txt`), all
as this module writes them."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from embeddings.files.decoding import decode
from embeddings.code.definitions import Extraction, extract
from embeddings.code.languages import FileType, by_name, by_path
from embeddings.paths import contexts
from embeddings.types import Definition, NamesUsed, PathContext, Receiver, Use

FOLDER = Path(__file__).parent
FEW = 40
"""Contexts are written out for definitions that have no more than these."""


def source_of(language: FileType) -> Path:
    """The one source in a language's folder."""
    files = (FOLDER / language.name).iterdir()
    [source] = [path for path in files if by_path(path.name) is by_name(language.name)]
    return source


def definitions_in(path: Path) -> list[Definition]:
    return _extracted(path).definitions


def _extracted(path: Path) -> Extraction:
    file_type = by_path(path.name)
    assert file_type is not None
    return extract(decode(path.read_bytes(), file_type), file_type)


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


def written_uses(path: Path) -> str:
    """Each name: the lines on which it is used, and how."""
    used = _extracted(path).uses
    assert used is not None
    return "".join(f"{name}: {', '.join(map(_written_use, uses))}\n" for name, uses in names_with_uses(used))


def names_with_uses(used: NamesUsed) -> list[tuple[str, list[Use]]]:
    """Each name with its uses."""
    spans = pairwise([0, *used.ends])
    return [
        (name, [*map(Use.unpacked, used.uses[start:end])])
        for name, (start, end) in zip(used.names, spans, strict=True)
    ]


def _written_use(use: Use) -> str:
    of = {Receiver.NONE: "", Receiver.ITSELF: " of itself", Receiver.OTHER: " of another"}
    return f"{use.line} {use.kind.name.lower()}{of[use.receiver]}"


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

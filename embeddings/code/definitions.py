"""From a file's text to its definitions: functions, methods, classes and the module, each with its
span, name, docstring and the text that an encoder reads."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass

from tree_sitter import Node, QueryCursor

from embeddings.code import outlines
from embeddings.code.blocks import blocks_in
from embeddings.code.candidates import last_part
from embeddings.code.languages import Document, FileType, Language, query
from embeddings.code.parsing import UnreadableSource
from embeddings.code.syntax import Declaration, ParsedSource, definitions_in, parse_source
from embeddings.code.uses import merged, uses_in
from embeddings.types import Definition, Kind, NamesUsed

FORMAT_VERSION = 1
"""Version of the format of `Definition.text`. A new version changes hashes and vectors."""


@dataclass(frozen=True, slots=True)
class Extraction:
    """The definitions of a source in source order, the module first, the number of syntax errors,
    and the names that it uses; None for documents without code."""

    definitions: list[Definition]
    errors: int
    uses: NamesUsed | None = None


def extract(source: str, file_type: FileType) -> Extraction:
    """The definitions of a decoded source, so that each line with a word is in the text of one.
    Syntax errors are counted; a definition with errors is kept as it stands. Documents have none.

    Raises UnreadableSource if parsing would take too long (`parsing.parse`).
    """
    if isinstance(file_type, Document):
        definitions = sorted(file_type.read(source), key=_place)
        return Extraction(definitions, 0, _uses_of_embedded_code(source, file_type))
    assert isinstance(file_type, Language)
    parsed = parse_source(source, file_type)
    declared = [_definition(declaration, parsed) for declaration in indexed_declarations(parsed)]
    definitions = sorted([*declared, *blocks_in(parsed)], key=_place)
    return Extraction(definitions, _errors(parsed.module.tree, file_type), uses_in(parsed))


def _uses_of_embedded_code(source: str, document: Document) -> NamesUsed | None:
    """What takes too long to parse is left out."""
    parts = []
    for code, file_type, line in document.code(source) if document.code else ():
        if isinstance(file_type, Language):
            with suppress(UnreadableSource):
                parts.append((uses_in(parse_source(code, file_type)), line))
    return merged(parts) if parts else None


def indexed_declarations(source: ParsedSource) -> list[Declaration]:
    """The declarations that become definitions; the module comes first if it is worth indexing."""
    has_module = outlines.says_more(source.module, source)
    return [*([source.module] if has_module else []), *definitions_in(source.module)]


def text_hash(definition: Definition) -> str:
    """SHA-256, in hexadecimal, of all that a definition's vector depends on."""
    known = [str(FORMAT_VERSION), definition.language, definition.kind, definition.text]
    return hashlib.sha256("\0".join(known).encode("utf-8", "replace")).hexdigest()


def _place(definition: Definition) -> tuple[bool, int, int]:
    return definition.kind != Kind.MODULE, definition.start_byte, -definition.end_byte


def _definition(declaration: Declaration, source: ParsedSource) -> Definition:
    start_line, end_line = source.lines(declaration)
    start_byte, end_byte = source.span(declaration)
    return Definition(
        kind=declaration.kind,
        language=source.language.name,
        name=_own_name(declaration, source.language),
        qualified_name=declaration.qualified_name,
        start_line=start_line,
        end_line=end_line,
        start_byte=start_byte,
        end_byte=end_byte,
        docstring=outlines.docstring_of(declaration, source),
        text=outlines.text_of(declaration, source),
    )


def _own_name(declaration: Declaration, language: Language) -> str:
    """What others call it by. A block's name is a title, and remains whole."""
    name = declaration.name
    return name if declaration.kind == Kind.BLOCK else last_part(name, language)


def _errors(root: Node, language: Language) -> int:
    """The number of outermost regions with a syntax error."""
    if not root.has_error:
        return 0
    errors, end = 0, -1
    broken = QueryCursor(query(language, "[(ERROR) (MISSING)] @error"))
    found = broken.captures(root).get("error", [])  # in no order
    for node in sorted(found, key=lambda node: (node.start_byte, -node.end_byte)):
        if node.start_byte >= end:
            errors, end = errors + 1, node.end_byte
    return errors

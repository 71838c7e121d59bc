"""From a file's bytes to its definitions: functions, methods, classes and the module, each with its
span, name, docstring and the text that an encoder reads."""

from __future__ import annotations

import codecs
import hashlib
import io
import tokenize
from dataclasses import dataclass

from tree_sitter import Node, QueryCursor

from embeddings.code import outlines
from embeddings.code.blocks import blocks_in
from embeddings.code.languages import Language, query
from embeddings.code.languages.python import PYTHON
from embeddings.code.parsing import UnreadableSource
from embeddings.code.syntax import Declaration, ParsedSource, definitions_in, parse_source
from embeddings.types import Definition, Kind

FORMAT_VERSION = 1
"""Version of the format of `Definition.text`. A new version changes hashes and vectors."""

_SLOW_ENCODINGS = ("punycode", "idna")
"""Encodings of host names. Decoding takes time quadratic in the length."""


@dataclass(frozen=True, slots=True)
class Extraction:
    """The definitions of a source in source order, the module first, and the number of syntax
    errors."""

    definitions: list[Definition]
    errors: int


def decode(data: bytes, language: Language) -> str:
    """The text of a file, without a byte order mark and with "\\n" as line ends. The encoding is
    given by that mark or, in Python, by a coding cookie (PEP 263), and is UTF-8 otherwise.

    Raises UnreadableSource if there is a NUL, or if the encoding is unknown or does not fit.
    """
    if b"\0" in data:
        raise UnreadableSource("binary: contains NUL bytes")
    encoding = _encoding(data) if language is PYTHON else "utf-8-sig"
    if encoding in _SLOW_ENCODINGS:
        raise UnreadableSource("in an encoding for host names")
    try:
        text = data.decode(encoding)
        text.encode("utf-8")
    except (UnicodeError, LookupError) as error:
        raise UnreadableSource(f"not in {encoding.removesuffix('-sig')}") from error
    if "\0" in text:
        raise UnreadableSource("binary: contains NUL characters")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def extract(source: str, language: Language) -> Extraction:
    """The definitions of a decoded source, so that each line with a word is in the text of one.
    Syntax errors are counted; a definition with errors is kept as it stands.

    Raises UnreadableSource if parsing would take too long (`parsing.parse`).
    """
    parsed = parse_source(source, language)
    declared = [_definition(declaration, parsed) for declaration in indexed_declarations(parsed)]
    definitions = sorted([*declared, *blocks_in(parsed)], key=_place)
    return Extraction(definitions, _errors(parsed.module.node, language))


def indexed_declarations(source: ParsedSource) -> list[Declaration]:
    """The declarations that become definitions; the module comes first if it is worth indexing."""
    has_module = source.language.modules and outlines.says_more(source.module, source)
    return [*([source.module] if has_module else []), *definitions_in(source.module)]


def text_hash(definition: Definition) -> str:
    """SHA-256, in hexadecimal, of all that a definition's vector depends on."""
    known = [str(FORMAT_VERSION), definition.language, definition.kind, definition.text]
    return hashlib.sha256("\0".join(known).encode("utf-8", "replace")).hexdigest()


def _encoding(data: bytes) -> str:
    try:
        told = tokenize.detect_encoding(io.BytesIO(data).readline)[0]
        return codecs.lookup(told).name
    except SyntaxError as error:
        is_invalid = "invalid" in str(error)
        raise UnreadableSource("not in utf-8" if is_invalid else str(error)) from error


def _place(definition: Definition) -> tuple[bool, int, int]:
    return definition.kind != Kind.MODULE, definition.start_byte, -definition.end_byte


def _definition(declaration: Declaration, source: ParsedSource) -> Definition:
    start_line, end_line = source.lines(declaration)
    start_byte, end_byte = source.span(declaration)
    return Definition(
        kind=declaration.kind,
        language=source.language.name,
        name=declaration.name,
        qualified_name=declaration.qualified_name,
        start_line=start_line,
        end_line=end_line,
        start_byte=start_byte,
        end_byte=end_byte,
        docstring=outlines.docstring_of(declaration, source),
        text=outlines.text_of(declaration, source),
    )


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

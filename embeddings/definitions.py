"""A file's bytes → its text → its definitions: functions, methods, classes and the module, with
their spans, names and docstrings, and the text by which an encoder knows each."""

from __future__ import annotations

import hashlib
import io
import tokenize
from dataclasses import dataclass
from functools import cache

from tree_sitter import Node, Query, QueryCursor

from embeddings import docstrings, outlines
from embeddings.languages import PYTHON, Language, compiled
from embeddings.outlines import Found
from embeddings.syntax import parse
from embeddings.types import Definition, Kind

FORMAT_VERSION = 1
"""Of what `Definition.text` is made of: another version, other hashes, other vectors."""


class UnreadableSource(Exception):
    """Why a file's bytes are no text, in words for the person who wonders."""


@dataclass(frozen=True, slots=True)
class Extraction:
    """The definitions of a source, in the order of their beginnings, the module first; the number
    of its regions that do not parse; and where each of the definitions lies in the syntax tree."""

    definitions: list[Definition]
    errors: int
    found: list[Found]


def decode(data: bytes, language: Language) -> str:
    """The text of a file: in the encoding that a byte order mark or, in Python, a coding cookie
    (PEP 263) tells, else in UTF-8; without the mark, and with line ends as newlines.

    UnreadableSource: it holds NUL, the encoding is unknown, or the bytes are not in it.
    """
    if b"\0" in data:
        raise UnreadableSource("binary: it holds NUL bytes")
    encoding = _encoding(data) if language is PYTHON else "utf-8-sig"
    try:
        text = data.decode(encoding)
        text.encode("utf-8")
    except (UnicodeError, LookupError) as error:
        raise UnreadableSource(f"not in {encoding.removesuffix('-sig')}: {error}") from error
    if "\0" in text:
        raise UnreadableSource("binary: it holds NUL characters")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def extract(source: str, language: Language) -> Extraction:
    """The definitions of a decoded source. What does not parse is counted, and a definition is
    given if it parses itself: a class without those of its members that do not."""
    data = source.encode("utf-8", "replace")
    root = parse(data, language).root_node
    module = outlines.found_in(root, language)
    found = [each for each in outlines.every(module) if each.parses]
    definitions = [_definition(each, data, language) for each in found]
    outline = outlines.text_of(module, data, language)
    if outline:
        found.insert(0, module)
        definitions.insert(0, _module(module, outline, data, language))
    return Extraction(definitions, _errors(root, language), found)


def text_hash(definition: Definition) -> str:
    """SHA-256, in hexadecimal, of all that a definition's vector depends on."""
    known = [str(FORMAT_VERSION), definition.language, definition.kind, definition.text]
    return hashlib.sha256("\0".join(known).encode("utf-8", "replace")).hexdigest()


def _encoding(data: bytes) -> str:
    try:
        return tokenize.detect_encoding(io.BytesIO(data).readline)[0]
    except SyntaxError as error:
        raise UnreadableSource(f"unknown encoding: {error}") from error


def _definition(found: Found, source: bytes, language: Language) -> Definition:
    return Definition(
        kind=_kind(found),
        language=language.name,
        name=found.name,
        qualified_name=found.qualified_name,
        start_line=found.outer.start_point.row + 1,
        end_line=found.outer.end_point.row + 1,
        start_byte=found.outer.start_byte,
        end_byte=found.outer.end_byte,
        docstring=_docstring(found, language),
        text=outlines.text_of(found, source, language),
    )


def _module(module: Found, outline: str, source: bytes, language: Language) -> Definition:
    return Definition(
        kind=Kind.MODULE,
        language=language.name,
        name="",
        qualified_name="",
        start_line=1,
        end_line=source.count(b"\n") + (not source.endswith(b"\n")),
        start_byte=0,
        end_byte=len(source),
        docstring=_docstring(module, language),
        text=outline,
    )


def _kind(found: Found) -> Kind:
    if found.what == "class":
        return Kind.CLASS
    in_class = found.inside is not None and found.inside.what == "class"
    return Kind.METHOD if in_class else Kind.FUNCTION


def _docstring(found: Found, language: Language) -> str:
    statement = None if found.body is None else docstrings.opening(found.body, language)
    return outlines.bounded(docstrings.said_by(statement, language)) if statement else ""


def _errors(root: Node, language: Language) -> int:
    """The regions that do not parse and lie in no other such region."""
    if not root.has_error:
        return 0
    errors, end = 0, -1
    for node in QueryCursor(_error_query(language)).captures(root).get("error", []):
        if node.start_byte >= end:
            errors, end = errors + 1, node.end_byte
    return errors


@cache
def _error_query(language: Language) -> Query:
    return Query(compiled(language), "[(ERROR) (MISSING)] @error")

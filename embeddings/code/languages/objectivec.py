"""Objective-C, and Objective-C++ as far as its grammar reads that."""

from __future__ import annotations

import re
from dataclasses import replace

from embeddings.code.languages.c import DEFINITIONS, FUNCTIONS, C
from embeddings.code.languages.grammars import packed

_MACRO = re.compile(
    rb"(?P<kept>^[ \t]*#[^\n]*)"
    rb"|^[ \t]*NS_(?:ASSUME|HEADER|SWIFT)_\w+[ \t]*$"
    rb"|\b(?:NS_(?:TYPED|EXTENSIBLE|STRING)_\w*ENUM|CF_(?:RETURNS|CONSUMED)\w*)\b"
    rb"|\b[A-Z][A-Z\d_]*_(?:AVAILABLE|DEPRECATED|DESIGNATED|REQUIRES|SWIFT|UNAVAILABLE)\w*+"
    rb"(?:\((?:[^()\n]|\([^()\n]*\))*+\))?",
    re.M,
)
_ENUM = re.compile(
    rb"\btypedef\s+(?:NS|CF)_(?:CLOSED_|ERROR_)?(?:ENUM|OPTIONS)\s*\([^(),]*,\s*(\w+)(?:\s*\))?"
)
_HEADS = (
    r"[-+]\s*+\([^()]*(?:\([^()]*\)[^()]*)*\)\s*+(?P<name>\w++)(?!.*;$)",
    r"(?P<kind>@interface|@implementation|@protocol)\s++(?P<name>\w++)(?!.*;$)",
)


def _readable(source: bytes) -> bytes:
    """A source of which the grammar can read what Apple's macros say: an enumeration's type, who
    may use a declaration, and what may be nil."""
    source = _MACRO.sub(_blank, source)
    return C.prepare(_ENUM.sub(_enumeration, source))


def _blank(match: re.Match[bytes]) -> bytes:
    return match["kept"] or b" " * len(match[0])


def _enumeration(match: re.Match[bytes]) -> bytes:
    """`typedef NS_ENUM(NSInteger, Colour)` as `enum Colour`, with its white space kept."""
    text, start = match[0], match.start()
    before = re.sub(rb"\S", b" ", text[4 : match.start(1) - start])
    return b"enum" + before + match[1] + b" " * (match.end() - match.end(1))


OBJECTIVE_C = replace(
    C,
    name="objectivec",
    extensions=(".m", ".mm"),
    grammar=packed("objc"),
    prepare=_readable,
    definitions=DEFINITIONS
    + FUNCTIONS
    + """
    (class_interface . (identifier) @name) @class
    (class_implementation . (identifier) @name) @class
    (protocol_declaration . (identifier) @name) @interface
    (method_definition . (method_type)? . (identifier) @name (compound_statement) @body) @method
    (method_declaration . (method_type)? . (identifier) @name) @signature
    (property_declaration (struct_declaration (struct_declarator [
      (identifier) @name
      (pointer_declarator [(identifier) @name (pointer_declarator (identifier) @name)])
      (function_declarator (parenthesized_declarator (block_pointer_declarator (identifier) @name)))
    ]))) @property
    (type_definition declarator: (function_declarator (parenthesized_declarator
      (block_pointer_declarator (type_identifier) @name)))) @type
    (module_import) @module
    """,
    uses=C.uses
    + """
    (message_expression method: (identifier) @call)
    (class_interface superclass: (identifier) @type)
    (method_parameter (identifier) @bound)
    """,
    wrappers=(*C.wrappers, ("@implementation _\n", "\n@end"), ("@interface _\n", "\n@end")),
    standalone=frozenset(),
    heads=(*C.heads, *_HEADS),
)

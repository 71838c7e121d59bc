"""Style sheets: CSS, SCSS and LESS, by their blocks. Grammars of SCSS fail on maps and flags, and
LESS has none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from embeddings.documents.parts import Part, comments_in, units
from embeddings.documents.units import MAX_NAME, Lines
from embeddings.types import Definition, Kind

DEEPEST = 5
"""Blocks nested deeper than this are part of those around them."""

_TOKEN = re.compile(
    rb"""
      (?P<comment> /\* (?: [^*] | \*(?!/) )*+ (?:\*/)?+ | (?<![:\w(]) // [^\n]*+ )
    | " (?: [^"\\\n] | \\. )*+ "?+
    | ' (?: [^'\\\n] | \\. )*+ '?+
    | url\( [^"')\n]*+ \)?+
    | [\#@]\{ [^{}\n]*+ \}?+
    | (?P<mark> [{}();] )
    """,
    re.VERBOSE | re.DOTALL,
)
_LEADING = re.compile(rb"(?: \s | /\* (?: [^*] | \*(?!/) )*+ (?:\*/)?+ | //[^\n]*+ )*+", re.VERBOSE)
_NAMED = re.compile(rb"@(mixin|function|(?:-\w++-)?keyframes|property)\s++([\w-]++)")
_NAMED_KINDS = {b"mixin": Kind.MACRO, b"function": Kind.FUNCTION, b"property": Kind.CONSTANT}
_LESS_MIXIN = re.compile(rb"([.\#][\w-]++)\s*+\([^{}]*\)(?:\s*+when\b[^{}]*+)?+")
_RULES_IN_VARIABLE = re.compile(rb"(@[\w-]++)\s*+:")
_VARIABLE = re.compile(rb"([$@][\w-]++|--[\w-]++)\s*+:")
_STEP = re.compile(rb"(?:from|to|[\d.]++%)(?:\s*+,|\Z)")
_SELECTOR = re.compile(rb"(?: [^,(\[]++ | \([^)]*+\)? | \[[^\]]*+\]? )*+", re.VERBOSE)


@dataclass(frozen=True, slots=True)
class _Block:
    """A block that is open: what it is, if it becomes a unit, and where it begins."""

    kind: Kind | None
    name: str
    start: int


def read(source: str, language: str) -> Iterator[Definition]:
    data = source.encode("utf-8", "replace")
    tokens = [*_TOKEN.finditer(data)]
    comments = comments_in(data, [token.span() for token in tokens if token["comment"]], language)
    parts = sorted(_parts(tokens, data), key=lambda part: (part.start, -part.end))
    return units(parts, Lines.split(source, language), data, comments)


def _parts(tokens: list[re.Match[bytes]], data: bytes) -> Iterator[Part]:
    opened: list[_Block] = []
    begin, parentheses = 0, 0
    for token in tokens:
        mark = token["mark"]
        if mark in (b"(", b")"):
            parentheses = max(0, parentheses + (1 if mark == b"(" else -1))
        elif mark == b"{" or (mark == b"}") or (mark == b";" and not parentheses):
            start = _begin(data, begin, token.start())
            head = data[start : token.start()].rstrip()
            if mark == b"{":
                opened.append(_block(head, start))
            else:
                yield from _variable(head, start, token.end() - (mark == b"}"), opened)
            if mark == b"}" and opened:
                yield from _part(opened.pop(), token.end(), opened)
            begin, parentheses = token.end(), 0
    while opened:
        yield from _part(opened.pop(), len(data.rstrip()), opened)


def _begin(data: bytes, start: int, end: int) -> int:
    """Where what stands between two marks begins, after white space and comments."""
    leading = _LEADING.match(data, start, end)
    return leading.end() if leading else start


def _block(head: bytes, start: int) -> _Block:
    """What a block is by what stands before it. A condition, a loop or a media query is none."""
    if not head:
        return _Block(None, "", start)
    if named := _NAMED.match(head):
        return _Block(_NAMED_KINDS.get(named[1], Kind.TYPE), _text(named[2]), start)
    if mixin := _LESS_MIXIN.fullmatch(head) or _RULES_IN_VARIABLE.fullmatch(head):
        return _Block(Kind.MACRO, _text(mixin[1]), start)
    is_rule = not head.startswith((b"@", b"}")) and not head.endswith(b":")
    if not is_rule or _STEP.match(head):
        return _Block(None, "", start)
    selector = _SELECTOR.match(head)
    return _Block(Kind.TYPE, _text(selector[0] if selector else head), start)


def _part(block: _Block, end: int, around: list[_Block]) -> Iterator[Part]:
    if block.kind is not None and len(around) < DEEPEST:
        name = _qualified(block.name, around)
        yield Part(block.kind, block.name, name, block.start, end, end)


def _variable(head: bytes, start: int, end: int, around: list[_Block]) -> Iterator[Part]:
    """A variable that a file assigns outside blocks, or a custom property."""
    variable = _VARIABLE.match(head)
    if variable and (not around or (head.startswith(b"--") and len(around) < DEEPEST)):
        end = start + len(head) + 1 if end > start + len(head) else start + len(head)
        name = _text(variable[1])
        yield Part(Kind.CONSTANT, name, _qualified(name, around), start, end, end)


def _qualified(name: str, around: list[_Block]) -> str:
    return " ".join(filter(None, [*(block.name for block in around[:DEEPEST]), name]))


def _text(name: bytes) -> str:
    """A name with single blanks for white space."""
    return " ".join(name[: 2 * MAX_NAME].decode("utf-8", "replace").split())[:MAX_NAME]

"""Definitions in a file that its grammar does not parse, told by layout: by the line that begins
each, and by how far the lines below it are indented."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain, pairwise

from embeddings.code.broken.layout import Line, Point, decorates, lines_of
from embeddings.code.languages import Language

MOST_HEADS = 5_000
"""Definitions of a file that are looked for by layout."""

MOST_LINES = 60_000
"""Lines of a file in which definitions are looked for by layout."""

MOST_PIECES = 500
"""Pieces into which a file is cut for its grammar."""

_LONGEST_NAME = 200
"""Characters of a name; a longer one may not be whole."""

_CLOSES = re.compile(r"[)\]}>](?![\"'`])|end\b")
_CONTINUES = re.compile(r"[{]|(?:rescue|ensure|else|catch|finally|where)\b")
_CALLS_FOR_MORE = re.compile(r"(?:[^\w)\]}'\"`;>]|=>|\b(?:begin|do|else|ensure|then|try))$")
_ENDS_PARAMETERS = re.compile(r"[)\]>]")
_ENDS_ITSELF = re.compile(r"(?:[};]|\bend)$")
_OPENS = re.compile(r"(?:[({\[:=]|=>)$")

_KINDS = {
    "::": "signature",
    "@interface": "type",
    "@implementation": "class",
    "@protocol": "interface",
    "actor": "class",
    "callback": "signature",
    "class": "class",
    "context": "block",
    "contract": "class",
    "data": "type",
    "defimpl": "class",
    "defmacro": "macro",
    "defmacrop": "macro",
    "defmodule": "class",
    "defprotocol": "interface",
    "describe": "block",
    "enum": "enum",
    "extension": "class",
    "impl": "scope",
    "instance": "class",
    "interface": "interface",
    "it": "block",
    "library": "class",
    "macro": "macro",
    "mod": "scope",
    "mixin": "trait",
    "module": "scope",
    "namespace": "scope",
    "newtype": "type",
    "object": "class",
    "package": "class",
    "opaque": "type",
    "protocol": "interface",
    "record": "class",
    "spec": "signature",
    "struct": "type",
    "suite": "block",
    "test": "block",
    "trait": "trait",
    "type": "type",
    "union": "type",
}
"""What a query would capture a definition as that begins with a keyword; others are functions."""


@dataclass(frozen=True, slots=True)
class Extent:
    """The span of a definition that is known by its layout, in the place of its node."""

    start_byte: int
    end_byte: int
    start_point: Point
    end_point: Point


@dataclass(frozen=True, slots=True)
class Head:
    """A definition by layout: what a query would capture it as, its names, the row of the line that
    tells its name, that line's indentation, and its extent, decorators included."""

    what: str
    name: str
    owner: str
    row: int
    indentation: int
    extent: Extent


@dataclass(frozen=True, slots=True)
class _Opened:
    """A head whose end is not known yet, and the line at which its decorators begin. What a flat
    scope encloses is not indented."""

    match: re.Match[str]
    line: Line
    first: Line
    is_flat: bool = False

    @property
    def what(self) -> str:
        return _KINDS.get(self.match.groupdict().get("kind") or "", "function")

    @property
    def goes_onward(self) -> bool:
        return "onward" in self.match.groupdict()


def heads_in(data: bytes, language: Language) -> list[Head]:
    """The definitions of a source by layout, in source order, in linear time; none if there are
    more than MOST_HEADS, or more than MOST_LINES lines. A definition ends with its last line that
    is indented further than its head, and with a line that closes it at the indentation of its
    head."""
    if data.count(b"\n") > MOST_LINES:
        return []
    heads: list[Head] = []
    opened: list[_Opened] = []
    decorator: Line | None = None
    last = None
    for line, following in pairwise(chain(lines_of(data, language), [None])):
        assert line is not None
        is_decorated = decorator is not None and decorator.indentation == line.indentation
        match = _match(line, opened, is_decorated, language)
        if not match and _is_out_of_place(line, following, opened, language):
            continue
        while opened and line.indentation <= opened[-1].line.indentation:
            assert last is not None
            beside = line.indentation == opened[-1].line.indentation
            closes = beside and _closes(line, opened[-1], last)
            if beside and _goes_on(line, following):
                break
            if beside and _is_next_clause(match, opened[-1], last):
                match = None
                break
            if beside and _is_in_flat_scope(closes, match, opened[-1], last):
                opened[-1] = replace(opened[-1], is_flat=True)
                break
            heads.append(_head(opened.pop(), line if closes else last))
            if closes:
                break
        last = line
        first = decorator if decorator and is_decorated else line.first
        if match:
            opened.append(_Opened(match, line, first))
            decorator = None
        elif decorates(line.text, language):
            decorator = first
        elif decorator and line.indentation <= decorator.indentation:
            decorator = decorator if _CLOSES.match(line.text) else None
        if len(heads) + len(opened) > MOST_HEADS:
            return []
    if last is not None:
        heads += [_head(each, last) for each in opened]
    return sorted(heads, key=lambda head: (head.extent.start_byte, -head.extent.end_byte))


def pieces(heads: list[Head], size: int) -> list[tuple[int, int, int]]:
    """A source of `size` bytes, cut before each of the outermost heads: first byte, first row, and
    end of each piece. There is one piece if there would be too many."""
    outermost = min((head.indentation for head in heads), default=0)
    starts = [(0, 0)]
    for head in heads:
        first = head.extent.start_point
        begin = head.extent.start_byte - first.column, first.row
        if head.indentation == outermost and begin > starts[-1]:
            starts.append(begin)
    if len(starts) > MOST_PIECES:
        return [(0, 0, size)]
    ends = [*(start for start, _ in starts[1:]), size]
    return [(start, row, end) for (start, row), end in zip(starts, ends, strict=True)]


def _is_out_of_place(
    line: Line, following: Line | None, opened: list[_Opened], language: Language
) -> bool:
    """Whether a line says nothing about where the definitions around it end."""
    if not opened:
        return False
    is_text = not language.indented and _is_text(line, opened)
    return is_text or _is_stray(line, following, opened[-1].line.indentation)


def _is_stray(line: Line, following: Line | None, indentation: int) -> bool:
    """Whether a line that would end a definition is out of place, since the next one goes on with
    the definition, and nothing calls for its being indented further."""
    if following is None or not line.indentation <= indentation < following.indentation:
        return False
    return _CALLS_FOR_MORE.search(line.text) is None


def _is_text(line: Line, opened: list[_Opened]) -> bool:
    """Whether a line belongs to a literal of several lines, since it would end a definition and the
    one around that, and closes neither."""
    if len(opened) < 2 or opened[-2].line.indentation == opened[-1].line.indentation:
        return False
    if line.indentation > opened[-2].line.indentation:
        return False
    place = bisect_left(opened, line.indentation, key=lambda each: each.line.indentation)
    is_beside = opened[place].line.indentation == line.indentation
    return not (is_beside and _CLOSES.match(line.text))


def _is_code(line: Line, opened: list[_Opened], language: Language) -> bool:
    """Whether a line lies in a function, in a language whose functions hold no definitions."""
    if language.inner_definitions or not opened or opened[-1].what != "function":
        return False
    return line.indentation > opened[-1].line.indentation


def _goes_on(line: Line, following: Line | None) -> bool:
    """Whether a line that is indented like a head still belongs to the definition, and does not
    end it."""
    if _CONTINUES.match(line.text):
        return True
    if _CLOSES.match(line.text) is None:
        return False
    if following and _ENDS_PARAMETERS.match(line.text):
        is_beside = following.indentation == line.indentation
        if is_beside and _CONTINUES.match(following.text):
            return True
    return _OPENS.search(line.text) is not None


def _closes(line: Line, opened: _Opened, last: Line) -> bool:
    """Whether a line closes the definition whose indentation it has."""
    is_closed = last is opened.line and _ENDS_ITSELF.search(last.text) is not None
    return not is_closed and _CLOSES.match(line.text) is not None


def _is_next_clause(match: re.Match[str] | None, opened: _Opened, last: Line) -> bool:
    """Whether a head begins the next clause of the function above."""
    if match is None or "clause" not in match.groupdict() or not last.text.endswith(";"):
        return False
    return match["name"] == opened.match["name"]


def _is_in_flat_scope(
    closes: bool, match: re.Match[str] | None, opened: _Opened, last: Line
) -> bool:
    """Whether a line at the indentation of a scope is inside it: it does not close it, or closes
    what has just been indented in a scope that does not indent; or the scope goes onward to the
    next of its kind."""
    if opened.goes_onward:
        return match is None or "onward" not in match.groupdict()
    is_above_deeper = last.indentation > opened.line.indentation
    if closes:
        return opened.is_flat and is_above_deeper
    return opened.what == "scope" and _ENDS_ITSELF.search(opened.line.text) is None


def _head(opened: _Opened, last: Line) -> Head:
    groups = opened.match.groupdict()
    last = max(opened.line, last, key=lambda line: line.row)
    return Head(
        what=opened.what,
        name=groups["name"].strip("`").replace("::", "."),
        owner=groups.get("owner") or "",
        row=opened.line.row,
        indentation=opened.line.indentation,
        extent=Extent(
            opened.first.start,
            last.end,
            opened.first.point(opened.first.start),
            last.point(last.end),
        ),
    )


def _match(
    line: Line, opened: list[_Opened], is_decorated: bool, language: Language
) -> re.Match[str] | None:
    """What begins with a line, if that is a definition."""
    if _is_code(line, opened, language):
        return None
    for pattern in _patterns(language.heads):
        if "decorated" in pattern.groupindex and not is_decorated:
            continue
        if (match := pattern.match(line.text)) and len(match["name"]) <= _LONGEST_NAME:
            return match
    return None


@cache
def _patterns(heads: tuple[str, ...]) -> list[re.Pattern[str]]:
    return [re.compile(head, re.VERBOSE) for head in heads]

"""Definitions in a file that its grammar does not parse, told by layout: by the line that begins
each, and by how far the lines below it are indented."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain, pairwise
from typing import NamedTuple

from embeddings.code.languages import Language

MOST_HEADS = 5_000
"""Definitions of a file that are looked for by layout."""

MOST_LINES = 60_000
"""Lines of a file in which definitions are looked for by layout."""

MOST_PIECES = 500
"""Pieces into which a file is cut for its grammar."""

_TAB = 4
"""Columns of a tab, where spaces stand beside tabs."""

_LONGEST_HEAD = 300
"""Characters of a line that are looked at, from either end."""

_ASIDE = re.compile(
    r"(?:<{7}|={7}|>{7}|\|{7})(?: |$)"  # marks of a merge conflict
    r"|(?:public|private|protected)\s*:"
    r"|\{[{%#]"  # of a template
    r"|#\s*(?:if|el|end|region|pragma|define)"
)
"""Lines whose indentation says nothing."""

_CLOSES = re.compile(r"[)\]}>]|end\b")
_SAYS_NOTHING = re.compile(r"(?![{})\]>])\W*$")
_CONTINUES = re.compile(r"[{]|(?:rescue|ensure|else|catch|finally)\b")
_CALLS_FOR_MORE = re.compile(r"(?:[^\w)\]}'\"`;>]|=>|\b(?:begin|do|else|ensure|then|try))$")
_OPENS = re.compile(r"(?:[({\[:]|=>)$")
_DECORATES = re.compile(r"@(?!interface\b)|#\[")

_KINDS = {
    "@interface": "type",
    "class": "class",
    "context": "block",
    "describe": "block",
    "enum": "enum",
    "interface": "interface",
    "it": "block",
    "module": "scope",
    "namespace": "scope",
    "object": "class",
    "protocol": "interface",
    "record": "class",
    "struct": "type",
    "suite": "block",
    "test": "block",
    "trait": "trait",
    "type": "type",
}
"""What a query would capture a definition as that begins with a keyword; others are functions."""


class Point(NamedTuple):
    """A place in a source, from 0; the column in bytes."""

    row: int
    column: int


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
class _Line:
    """A line that says something: the byte at which it begins, its span without white space around
    it, and how many columns it is indented."""

    row: int
    begin: int
    start: int
    end: int
    indentation: int
    text: str

    def point(self, position: int) -> Point:
        return Point(self.row, position - self.begin)


@dataclass(frozen=True, slots=True)
class _Opened:
    """A head whose end is not known yet, and the line at which its decorators begin."""

    match: re.Match[str]
    line: _Line
    first: _Line


def heads_in(data: bytes, language: Language) -> list[Head]:
    """The definitions of a source by layout, in source order, in linear time; none if there are
    more than MOST_HEADS, or more than MOST_LINES lines. A definition ends with its last line that
    is indented further than its head, and with a line that closes it at the indentation of its
    head."""
    if data.count(b"\n") > MOST_LINES:
        return []
    heads: list[Head] = []
    opened: list[_Opened] = []
    decorator: _Line | None = None
    last = None
    for line, following in pairwise(chain(_lines(data, language), [None])):
        assert line is not None
        match = _match(line.text, language)
        if opened and not match and _is_stray(line, following, opened[-1].line.indentation):
            continue
        while opened and line.indentation <= opened[-1].line.indentation:
            beside = line.indentation == opened[-1].line.indentation
            closes = beside and _CLOSES.match(line.text) is not None
            if beside and _goes_on(line):
                break
            heads.append(_head(opened.pop(), line if closes or last is None else last))
            if closes:
                break
        last = line
        if match:
            is_decorated = decorator is not None and decorator.indentation == line.indentation
            opened.append(_Opened(match, line, decorator if decorator and is_decorated else line))
            decorator = None
        elif _DECORATES.match(line.text):
            if decorator is None or decorator.indentation != line.indentation:
                decorator = line
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


def indentation(margin: bytes) -> int:
    """How many columns wide the white space is that begins a line."""
    return len(margin.expandtabs(_TAB))


def _lines(data: bytes, language: Language) -> Iterator[_Line]:
    """The lines of a source that are neither blank, comments nor marks of a merge conflict."""
    comments = (*language.line_comments, "/*", "* ", "*/")
    start = 0
    for row, line in enumerate(data.split(b"\n")):
        stripped = line.strip()
        margin = line[: len(line) - len(line.lstrip())]
        edges = stripped[:_LONGEST_HEAD], stripped[_LONGEST_HEAD:][-_LONGEST_HEAD:]
        text = b"".join(edges).decode("utf-8", "replace")
        is_code = not text.startswith(comments) or _DECORATES.match(text)
        if is_code and not _ASIDE.match(text) and not _SAYS_NOTHING.match(text):
            begin = start + len(margin)
            yield _Line(row, start, begin, begin + len(stripped), indentation(margin), text)
        start += len(line) + 1


def _is_stray(line: _Line, following: _Line | None, indentation: int) -> bool:
    """Whether a line that would end a definition is out of place, since the next one goes on with
    the definition, and nothing calls for its being indented further."""
    if following is None or not line.indentation <= indentation < following.indentation:
        return False
    return _CALLS_FOR_MORE.search(line.text) is None


def _goes_on(line: _Line) -> bool:
    """Whether a line that is indented like a head still belongs to the definition."""
    if _CONTINUES.match(line.text):
        return True
    return _CLOSES.match(line.text) is not None and _OPENS.search(line.text) is not None


def _head(opened: _Opened, last: _Line) -> Head:
    groups = opened.match.groupdict()
    last = max(opened.line, last, key=lambda line: line.row)
    return Head(
        what=_KINDS.get(groups.get("kind") or "", "function"),
        name=groups["name"],
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


def _match(text: str, language: Language) -> re.Match[str] | None:
    found = (pattern.match(text) for pattern in _patterns(language.heads))
    return next(filter(None, found), None)


@cache
def _patterns(heads: tuple[str, ...]) -> list[re.Pattern[str]]:
    return [re.compile(head, re.VERBOSE) for head in heads]

"""The lines of a source that say something about its layout."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from embeddings.code.languages import Language

_TAB = 4
"""Columns of a tab, where spaces stand beside tabs."""

_LONGEST_HEAD = 300
"""Characters of a line that are looked at, from either end."""

_ASIDE = re.compile(
    r"(?:<{7}|={7}|>{7}|\|{7})(?: |$)"  # marks of a merge conflict
    r"|(?:public|private|protected)\s*:"
    r"|(?!(?:else|finally|try)\b)\w+:$"  # a label
    r"|\{[{%#]"  # of a template
    r"|#\s*(?:if|ifn?def|el(?:se|if)|endif|(?:end)?region|pragma|define|undef|include|import|error)\b"
)
"""Lines whose indentation says nothing."""

_SAYS_NOTHING = re.compile(r"(?![{})\]>])\W*$")
_FENCE = '"""'


class Point(NamedTuple):
    """A place in a source, from 0; the column in bytes."""

    row: int
    column: int


@dataclass(frozen=True, slots=True)
class Line:
    """A line that says something: the byte at which it begins, its span without white space around
    it, how many columns it is indented, and where the text begins that ends directly above."""

    row: int
    begin: int
    start: int
    end: int
    indentation: int
    text: str
    above: Line | None = None

    @property
    def first(self) -> Line:
        """The line at which begins what a head on this line begins."""
        is_beside = self.above is not None and self.above.indentation == self.indentation
        return self.above if self.above and is_beside else self

    def point(self, position: int) -> Point:
        return Point(self.row, position - self.begin)


def lines_of(data: bytes, language: Language) -> Iterator[Line]:
    """The lines of a source that are neither blank, comments nor marks of a merge conflict."""
    comments = (*language.line_comments, "/*", "* ", "*/")
    start, uncommented = 0, 0
    fence: Line | None = None
    above: Line | None = None
    commented = _Comments(data, language)
    for row, line in enumerate(data.split(b"\n")):
        stripped = line.strip()
        margin = line[: len(line) - len(line.lstrip())]
        edges = stripped[:_LONGEST_HEAD], stripped[_LONGEST_HEAD:][-_LONGEST_HEAD:]
        text = b" ".join(filter(None, edges)).decode("utf-8", "replace")
        begin = start + len(margin)
        read = Line(row, start, begin, begin + len(stripped), indentation(margin), text, above)
        is_code = not text.startswith(comments) or decorates(text, language)
        if start < uncommented:
            pass
        elif end := commented.end_of(text, begin):
            uncommented = end
        elif text == _FENCE:
            above = fence if fence and decorates(fence.text, language) else None
            fence = replace(read, above=None)
        elif is_code and not _ASIDE.match(text) and not _SAYS_NOTHING.match(text):
            yield read
            above = None
            fence = replace(read, above=None) if text.endswith(_FENCE) else fence
        start += len(line) + 1


def indentation(margin: bytes) -> int:
    """How many columns wide the white space is that begins a line."""
    return len(margin.expandtabs(_TAB))


def decorates(text: str, language: Language) -> bool:
    """Whether a line above a definition belongs to it."""
    return bool(language.decorators) and re.match(language.decorators, text) is not None


class _Comments:
    """The comments of several lines in a source."""

    def __init__(self, data: bytes, language: Language) -> None:
        self.data = data
        self.marks = [(begin, end.encode()) for begin, end in language.block_comments]
        self.lasts = [data.rfind(end) for _, end in self.marks]

    def end_of(self, text: str, start: int) -> int:
        """Where the comment ends that begins with a line, if there is one; else 0."""
        for (begin, end), last in zip(self.marks, self.lasts, strict=True):
            if text.startswith(begin) and last >= start + len(begin):
                return self.data.index(end, start + len(begin)) + len(end)
        return 0

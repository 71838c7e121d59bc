"""The lines of a text that a pattern matches."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from search.lines.patterns import Matcher

STEPS = 50_000_000
"""Instructions times bytes of one call of RE2, which nothing can interrupt: half a second at most.
A match does not reach across the ends of such pieces."""

MAX_MARKS = 20
"""Matches that are marked in a line; the rest of it is not looked at."""

LINE_BYTES = 300
"""Of a line that is shown; a longer one is cut around its first match."""

CONTEXT_BYTES = 60
"""Shown before the first match of a line that is cut."""


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a line: a match, or what is between two."""

    text: str
    is_match: bool = False


@dataclass(frozen=True, slots=True)
class MatchedLine:
    """A line, by its number from 1, in pieces. A long one begins or ends with an ellipsis."""

    number: int
    parts: Sequence[Part]

    @property
    def text(self) -> str:
        return "".join(part.text for part in self.parts)

    @property
    def matches(self) -> list[tuple[int, int]]:
        """Where the matches begin and end in the text, in characters."""
        spans, end = [], 0
        for part in self.parts:
            start, end = end, end + len(part.text)
            if part.is_match:
                spans.append((start, end))
        return spans


@dataclass(frozen=True, slots=True)
class Matches:
    """The first `lines` that match, and the `count` of all. Not `complete`: time ran out."""

    lines: Sequence[MatchedLine]
    count: int
    complete: bool = True


@dataclass(slots=True)
class _Line:
    """The line that is being matched: where it begins and ends, and where its matches do."""

    number: int
    begin: int
    end: int
    marks: list[tuple[int, int]] = field(default_factory=list)


def match_lines(matcher: Matcher, content: bytes, shown: int, deadline: float) -> Matches:
    """The lines of `content` in which there is a match, or a part of one: the first `shown` of them
    and the number of all, or of those that are found before the `deadline` of `time.monotonic`."""
    lines, count, line = list[_Line](), 0, _Line(1, 0, -1)
    searching = _Searching(matcher, content, deadline)
    for start, stop in searching:
        place = start
        while True:
            if place > line.end:
                line = _line_at(content, place, line)
                count += 1
                if count <= shown:
                    lines.append(line)
            line.marks.append((max(start, line.begin), min(stop, line.end)))
            if stop <= line.end + 1:
                break
            place = line.end + 1
        if len(line.marks) >= MAX_MARKS:
            searching.skip_to(line.end + 1)
    return Matches([_shown(content, each) for each in lines], count, searching.in_time)


class _Searching:
    """The matches in a text, one after the other, as (start, end), up to a deadline."""

    def __init__(self, matcher: Matcher, content: bytes, deadline: float) -> None:
        self.in_time = True
        self._matcher = matcher
        self._content = content
        self._deadline = deadline
        self._piece = STEPS // max(1, matcher.programsize, matcher.reverseprogramsize)
        self._next = 0

    def skip_to(self, place: int) -> None:
        self._next = max(self._next, place)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        content = self._content
        # An empty match after the last line's end is in no line.
        last = len(content) - content.endswith(b"\n")
        while self._next < len(content):
            end = _end_of_piece(content, self._next, self._piece)
            while self._next < end and self._has_time():
                found = self._matcher.search(content, self._next, end)
                if found is None:
                    break
                start, stop = found.span()
                if start > last:
                    return
                self._next = stop if stop > start else _after_character(content, stop)
                yield start, stop
            if not self.in_time:
                return
            self._next = max(self._next, end)

    def _has_time(self) -> bool:
        self.in_time = time.monotonic() <= self._deadline
        return self.in_time


def _end_of_piece(content: bytes, begin: int, size: int) -> int:
    """The end of the last line that ends within `size`, or of so many bytes."""
    if begin + size >= len(content):
        return len(content)
    return content.rfind(b"\n", begin, begin + size) + 1 or begin + size


def _after_character(content: bytes, place: int) -> int:
    place += 1
    while place < len(content) and content[place] & 0xC0 == 0x80:
        place += 1
    return place


def _line_at(content: bytes, place: int, before: _Line) -> _Line:
    """The line at a place, which is after the line `before`."""
    begin = content.rfind(b"\n", max(before.end, 0), place) + 1
    end = content.find(b"\n", place)
    number = before.number + content.count(b"\n", before.begin, begin)
    return _Line(number, begin, len(content) if end < 0 else end)


def _shown(content: bytes, line: _Line) -> MatchedLine:
    first, last = line.begin, line.end
    if last - first > LINE_BYTES:
        first = max(first, min(line.marks[0][0] - CONTEXT_BYTES, last - LINE_BYTES))
        last = first + LINE_BYTES
    return MatchedLine(line.number, tuple(_parts(content, line, first, last)))


def _parts(content: bytes, line: _Line, first: int, last: int) -> Iterator[Part]:
    if first > line.begin:
        yield Part("…")
    end = first
    for start, stop in line.marks:
        start, stop = max(start, first), min(stop, last)
        if start < stop:
            if start > end:
                yield Part(_decoded(content[end:start]))
            yield Part(_decoded(content[start:stop]), is_match=True)
            end = stop
    if end < last:
        yield Part(_decoded(content[end:last]))
    if last < line.end:
        yield Part("…")


def _decoded(part: bytes) -> str:
    """Without characters of which a part is cut off."""
    return part.decode(errors="ignore")

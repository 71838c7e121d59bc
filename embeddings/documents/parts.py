"""Units of code that a scanner reads, from the parts that it finds."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby, islice

from embeddings.code.docstrings import Comments, comment_text, line_before
from embeddings.code.languages import by_name
from embeddings.code.outlines import MAX_TEXT, bounded
from embeddings.code.windows import LONG_UNIT
from embeddings.documents.units import MAX_NAME, Lines
from embeddings.types import Definition, Kind

_REST = re.compile(rb"[ \t;,){}$/]*+(?:--[^\n]*+|//[^\n]*+|/\*[^\n]*+)?+(?:\n|\Z)")
"""What may follow a part on its last line without being in another unit."""


@dataclass(frozen=True, slots=True)
class Part:
    """What becomes a unit: its first byte and the one after its last, and the end of its text. One
    that does not `cover` its lines leaves them to other units."""

    kind: Kind
    name: str
    qualified_name: str
    start: int
    end: int
    shown: int
    covers: bool = True


def comments_in(data: bytes, spans: Iterable[tuple[int, int]], language: str) -> Comments:
    """The comments of a source, from their spans in source order."""
    starts, ends = map(list, zip(*spans, strict=True)) if spans else ([], [])
    return Comments(data, starts, ends, len(data) - len(data.lstrip()), by_name(language))


def units(
    parts: Iterable[Part], lines: Lines, data: bytes, comments: Comments
) -> Iterator[Definition]:
    """The units of parts in source order, with the comments above them. Long ones have windows, and
    what is in no part is in blocks."""
    covered = bytearray(len(lines.texts))
    for part in parts:
        first, last = _line(lines, part.start), _line(lines, part.shown - 1)
        yield _unit(part, lines, data, comments)
        if part.shown - part.start > LONG_UNIT and first < last:
            windows = lines.blocks(first, last, part.qualified_name)
            yield from islice(windows, 1, None)  # the unit's own text begins with the first
        if part.covers:
            above = comments.above(part.start) or (part.start, part.start)
            begin = _line(lines, above[0])
            covered[begin : last + 1] = b"\1" * (last + 1 - begin)
            covered[first] = covered[last] = _stands_alone(data, part, lines.starts[first])
    for is_covered, group in groupby(range(len(covered)), covered.__getitem__):
        numbers = [*group]
        if not is_covered and (rest := lines.trimmed(numbers[0], numbers[-1])):
            yield from lines.blocks(*rest)


def _unit(part: Part, lines: Lines, data: bytes, comments: Comments) -> Definition:
    span = comments.above(part.start)
    above = _dedented(data, *span) if span else ""
    text = "\n".join(filter(None, (above, _dedented(data, part.start, part.shown))))
    return Definition(
        kind=part.kind,
        language=lines.language,
        name=part.name[:MAX_NAME],
        qualified_name=part.qualified_name,
        start_line=_line(lines, part.start) + 1,
        end_line=_line(lines, part.end - 1) + 1,
        start_byte=part.start,
        end_byte=part.end,
        docstring=bounded(comment_text(data[slice(*span)], comments.language)) if span else "",
        text=bounded(text),
    )


def _dedented(data: bytes, start: int, end: int) -> str:
    """The text of a span, without the indentation of its first line."""
    before, text = line_before(data, start), data[start : min(end, start + MAX_TEXT)]
    text = text.replace(b"\n" + before, b"\n") if before.isspace() else text
    return text.decode("utf-8", "replace")


def _line(lines: Lines, position: int) -> int:
    return bisect_right(lines.starts, position) - 1


def _stands_alone(data: bytes, part: Part, line_start: int) -> bool:
    """Whether nothing else is on the lines of a part, so that no block must hold them."""
    is_first = not data[line_start : part.start].strip()
    is_whole = part.shown - part.start < MAX_TEXT
    return is_first and is_whole and bool(_REST.match(data, part.shown))

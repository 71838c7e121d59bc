"""Units of data, from the keys in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from embeddings.code.windows import LONG_UNIT, LONGEST_WINDOW
from embeddings.documents.units import MAX_NAME, Lines, outermost
from embeddings.types import Definition, Kind

MOST_KEYS = 100
"""Of one file. Where there are more, the innermost are part of those around them."""

MOST_LEVELS = 3
"""Keys nested deeper than this are part of those around them."""

MOST_READ = 10_000
"""Keys of any level. A file with more is large in any case."""

LARGE = 100 * 1024
"""Bytes. A larger file is data rather than configuration, such as a lock file or a data set: only
its outline and a few long windows are found."""

MOST_DATA_WINDOWS = 20
"""Of one file."""

SHOWN = 200
"""Characters of a line in an outline of a file."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key at a `line`, from 0, whose value ends at the line `last`; its level counts from 1.
    `first` is the line at which the comment above it begins. Its `owner` is what qualifies its name
    beside the keys around it, as in the name of a TOML table."""

    line: int
    level: int
    name: str
    owner: str = ""
    last: int = -1
    first: int = -1

    @property
    def path(self) -> str:
        return f"{self.owner}.{self.name}" if self.owner else self.name


@dataclass(frozen=True, slots=True, eq=False)
class _Node:
    """A key with the keys inside that become units, too."""

    key: Key
    qualified_name: str
    members: list[_Node] = field(default_factory=list)


def documented(keys: Iterable[Key], texts: Sequence[str], marks: tuple[str, ...]) -> Iterator[Key]:
    """The keys with the lines above them that begin with a comment mark; at most MOST_READ."""
    above = -1
    for key in islice(keys, MOST_READ):
        first = key.line
        while marks and first - 1 > above and texts[first - 1].lstrip().startswith(marks):
            first -= 1
        yield replace(key, first=first)
        above = max(above, key.line)


def closed(keys: Iterable[Key], last: int) -> list[Key]:
    """The keys of a file whose last line is `last`, where a key ends before the next one of its
    level or a lower one."""
    found: list[Key] = []
    waiting: list[Key] = []
    for key in keys:
        while waiting and waiting[-1].level >= key.level:
            found.append(_ended(waiting.pop(), key.first - 1))
        waiting.append(key)
    found += [_ended(key, last) for key in waiting]
    return sorted(found, key=lambda key: (key.line, key.level))


def units(lines: Lines, keys: Sequence[Key]) -> Iterator[Definition]:
    """A unit for each key of the outer levels, named by the keys around it: a section, whose text
    is an outline where it is long and has units inside, or a constant if it is a line. A line
    inside another key is no unit: it is found as a part of that, and would be found too often. What
    lies outside all keys is in blocks. Where there are too many keys, or too much data, a file is
    one unit with the beginning of its outermost keys, and a few windows."""
    distinct = [*_first_of_lines(keys)]
    wanted = [key for key in distinct if key.level == 1 or not _is_line(key, lines)]
    kept = outermost([key for key in wanted if key.level <= MOST_LEVELS], MOST_KEYS)
    if not keys:
        yield from lines.whole(MOST_DATA_WINDOWS)
    elif not kept or lines.starts[-1] > LARGE:
        yield _outline_of_file(lines, distinct)
        yield from lines.blocks(0, lines.last, most=MOST_DATA_WINDOWS)
    else:
        roots = _trees(kept)
        for gap in _gaps(0, lines.last, roots):
            yield from lines.blocks(*gap, most=MOST_DATA_WINDOWS)
        for root in roots:
            yield from _units(lines, root)


def _is_line(key: Key, lines: Lines) -> bool:
    return lines.stripped(key.line, key.last)[1] == key.line


def _ended(key: Key, last: int) -> Key:
    return replace(key, last=max(key.line, last))


def _first_of_lines(keys: Iterable[Key]) -> Iterator[Key]:
    """The first key of each line, since units are whole lines."""
    line = -1
    for key in keys:
        if key.line > line:
            yield key
            line = key.line


def _trees(keys: Sequence[Key]) -> list[_Node]:
    roots: list[_Node] = []
    around: list[_Node] = []
    for key in keys:
        while around and around[-1].key.level >= key.level:
            around.pop()
        node = _Node(key, _qualified(key, around))
        (around[-1].members if around else roots).append(node)
        around.append(node)
    return roots


def _qualified(key: Key, around: Sequence[_Node]) -> str:
    """The keys around a key and its own, dotted; the outermost are left out where that would be too
    long."""
    name = key.path[-2 * MAX_NAME :]
    for node in reversed(around):
        longer = f"{node.key.path}.{name}"
        if len(longer) > 2 * MAX_NAME:
            break
        name = longer
    return name


def _units(lines: Lines, node: _Node) -> Iterator[Definition]:
    key, qualified = node.key, node.qualified_name
    first, last = lines.stripped(key.first, key.last)
    kind = Kind.CONSTANT if _is_line(key, lines) else Kind.SECTION
    if not node.members or lines.size(first, last) <= LONG_UNIT:
        yield from lines.long_part(kind, first, last, key.name, qualified, MOST_DATA_WINDOWS)
    else:
        gaps = [*_gaps(first, last, node.members)]
        text = "\n".join(_outline(lines, gaps, node.members))
        yield lines.unit(kind, first, last, key.name, qualified, text)
        for gap in gaps:
            if lines.size(*gap) > LONGEST_WINDOW:
                yield from lines.blocks(*gap, qualified, MOST_DATA_WINDOWS)
    for member in node.members:
        yield from _units(lines, member)


def _gaps(first: int, last: int, nodes: Sequence[_Node]) -> Iterator[tuple[int, int]]:
    """The runs of lines from `first` to `last` that are in none of the keys."""
    for node in nodes:
        if first < node.key.first:
            yield first, node.key.first - 1
        first = max(first, node.key.last + 1)
    if first <= last:
        yield first, last


def _outline(
    lines: Lines, gaps: Sequence[tuple[int, int]], members: Sequence[_Node]
) -> Iterator[str]:
    """The lines of a key that are in none of its members, and the first line of each member."""
    short = [gap for gap in gaps if lines.size(*gap) <= LONGEST_WINDOW]
    shown = {line for first, last in short for line in range(first, last + 1)}
    for line in sorted(shown | {member.key.line for member in members}):
        yield lines.texts[line][: SHOWN if line not in shown else None]


def _outline_of_file(lines: Lines, keys: Sequence[Key]) -> Definition:
    """A whole file as one unit: the lines of its outermost keys, as far as they are few."""
    level = min(key.level for key in keys)
    shown = [key.line for key in keys if key.level == level][:MOST_KEYS]
    text = "\n".join(lines.texts[line][:SHOWN] for line in shown)
    first, last = lines.trimmed(0, lines.last) or (0, lines.last)
    return lines.unit(Kind.FILE, first, last, text=text)

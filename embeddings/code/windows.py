"""Cutting long pieces of a file into windows, at the ends of statements or paragraphs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tree_sitter import Node

LONGEST_WINDOW = 1_600
"""Characters. An encoder of 256 tokens reads about a thousand of them."""

LONG_UNIT = 2 * LONGEST_WINDOW
"""A definition of more characters than this also has windows."""

_INSIDE = 1_000
"""A depth below all others: a line inside a literal, where nothing should be cut."""


def windows(
    lines: Sequence[str],
    first: int,
    last: int,
    depths: Mapping[int, int],
    longest: int = LONGEST_WINDOW,
) -> Iterator[tuple[int, int]]:
    """Cuts the lines from `first` to `last` (from 0, both included) into windows of about `longest`
    characters at most, as pairs of lines; a longer line is a window of its own. `depths` says of
    the lines at which a window may begin how deeply they are nested: windows end before the
    shallowest line in their second half."""
    begin = first
    while begin <= last:
        end, size = begin, len(lines[begin])
        while end < last and size + len(lines[end + 1]) < longest:
            end += 1
            size += len(lines[end]) + 1
        if end < last:
            end = _best_end(begin, end, depths)
        yield begin, end
        begin = end + 1


def statement_depths(root: Node) -> dict[int, int]:
    """line → how deeply the outermost node that begins it is nested, for the lines (from 0) at
    which a node begins. Takes time linear in the number of nodes of several lines."""
    depths: dict[int, int] = {}
    cursor = root.walk()
    depth = 0
    while True:
        node = cursor.node
        assert node is not None
        begin, end = node.start_point.row, node.end_point.row
        if node.is_named:
            depths.setdefault(begin, depth)
        if end > begin and cursor.goto_first_child():
            depth += 1
            continue
        while not cursor.goto_next_sibling():
            if depth == 0:
                return depths
            cursor.goto_parent()
            depth -= 1


def paragraph_depths(lines: Sequence[str]) -> dict[int, int]:
    """The same for text without a grammar: 0 after a blank line, and else by indentation."""
    return {
        number: 0
        if number == 0 or not lines[number - 1].strip()
        else 1 + len(line) - len(line.lstrip())
        for number, line in enumerate(lines)
        if line.strip()
    }


def _best_end(begin: int, end: int, depths: Mapping[int, int]) -> int:
    """The line before the shallowest one of those at which the next window may begin."""
    middle = begin + (end - begin) // 2
    starts = range(end + 1, max(middle, begin), -1)
    return min(starts, key=lambda start: depths.get(start, _INSIDE)) - 1

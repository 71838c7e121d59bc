"""Code that is in no other definition: statements of a script or a module, what a class holds
beside its members, and the parts of long definitions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from embeddings.code.docstrings import line_after, line_before, opening_docstring
from embeddings.code.languages import Kinds, keywords
from embeddings.code.outlines import comment_span, dedented, end_of_head
from embeddings.code.syntax import Declaration, ParsedSource, all_within
from embeddings.code.windows import LONG_UNIT, LONGEST_WINDOW, statement_depths, windows
from embeddings.types import Definition, Kind

Lines = tuple[int, int]
"""The first and the last of some lines, from 0."""

_WORD = re.compile(r"\w+")
_WORD_BYTES = re.compile(rb"[\w\x80-\xff]")


def blocks_in(source: ParsedSource) -> Iterator[Definition]:
    """The blocks of a source, with the qualified names of what they lie in. Together with the other
    definitions they hold every line that has a word other than keywords."""
    lines = source.data.decode("utf-8", "replace").split("\n")
    starts = _line_starts(source.data)
    ignored = keywords(source.language)
    telling = [_says_something(line, ignored) for line in lines]
    depths: dict[int, int] = {}
    for container in (source.module, *all_within(source.module)):
        if not _is_divided(container):
            continue
        for first, last in _regions(container, source, telling):
            if not depths and starts[last + 1] - starts[first] > LONGEST_WINDOW:
                depths = statement_depths(source.module.node)
            cuts = windows(lines, first, last, depths)
            # A definition's own text already begins with its first window.
            begins = _has_text(container) and first == container.first.start_point.row
            for begin, end in islice(cuts, int(begins), None):
                if any(telling[begin : end + 1]):
                    yield _block(container, source, (begin, end), starts)


def _is_divided(declaration: Declaration) -> bool:
    """Whether what is in a declaration, beside its members, is not in its own text or is too long
    for it."""
    if declaration.is_outlined:
        return True
    if not declaration.is_definition:
        return _has_parts(declaration)
    return declaration.outer.end_byte - declaration.first.start_byte > LONG_UNIT


def _has_text(declaration: Declaration) -> bool:
    return declaration.is_definition and not declaration.is_outlined


def _is_apart(member: Declaration) -> bool:
    """Whether blocks leave out a member: it is a definition, or has some inside. Constants alone
    stay among the statements around them."""
    return (member.is_definition and member.what != "constant") or _has_parts(member)


def _has_parts(declaration: Declaration) -> bool:
    return any(map(_is_apart, declaration.members))


def _regions(container: Declaration, source: ParsedSource, telling: list[bool]) -> Iterator[Lines]:
    """The runs of lines between a container's head, its members and its end that hold more than
    constants, from the first telling line to the last."""
    last = container.outer.end_point.row
    begin = _first_line(container, source)
    constants = {
        line
        for member in container.members
        if member.what == "constant" and not _is_apart(member)
        for line in _range(_lines_of(member, source))
    }
    for start, end in [*_lines_left_out(container, source), (last + 1, last + 1)]:
        told = [line for line in range(begin, start) if telling[line]]
        if any(line not in constants for line in told):
            yield told[0], told[-1]
        begin = max(begin, end + 1)


def _first_line(container: Declaration, source: ParsedSource) -> int:
    """The first line that is not in the text of the container itself."""
    first = container.first.start_point.row
    if container.is_outlined and container.what != "module" and container.body is not None:
        head = end_of_head(container.node, container.body, source.language)
        return first + source.data.count(b"\n", container.first.start_byte, head) + 1
    return first


def _lines_left_out(container: Declaration, source: ParsedSource) -> Iterator[Lines]:
    """The lines of the docstring of an outlined container, and of the members that stand apart."""
    if container.body is not None and container.is_outlined:
        docstring = opening_docstring(container.body, source.data, source.language)
        if docstring is not None:
            yield docstring.start_point.row, docstring.end_point.row
    for member in container.members:
        if _is_apart(member):
            yield _lines_of(member, source)


def _lines_of(member: Declaration, source: ParsedSource) -> Lines:
    """The lines of a member with the comment above it, without a first or last line that it shares
    with other code."""
    first, last = member.first.start_point.row, member.outer.end_point.row
    start, end = source.span(member)
    if _WORD_BYTES.search(line_before(source.data, start)):
        first += 1
    elif member.is_definition and (span := comment_span(member, source)):
        first -= source.data.count(b"\n", span[0], start)
    if _WORD_BYTES.search(line_after(source.data, end)):
        last -= 1
    return first, last


def _range(lines: Lines) -> range:
    return range(lines[0], lines[1] + 1)


def _says_something(line: str, ignored: Kinds) -> bool:
    """Whether a line has a word that is no keyword, unlike `} else {`, `end` and `pass`."""
    return any(word not in ignored for word in _WORD.findall(line))


def _line_starts(data: bytes) -> list[int]:
    """Where each line begins, and where one after the last would."""
    starts, end = [0], data.find(b"\n")
    while end >= 0:
        starts.append(end + 1)
        end = data.find(b"\n", end + 1)
    return [*starts, len(data) + 1]


def _block(
    container: Declaration, source: ParsedSource, lines: Lines, starts: list[int]
) -> Definition:
    first, last = lines
    start, end = starts[first], starts[last + 1] - 1
    indentation = len(source.data[start:end]) - len(source.data[start:end].lstrip(b" \t"))
    return Definition(
        kind=Kind.BLOCK,
        language=source.language.name,
        name="",
        qualified_name=container.qualified_name,
        start_line=first + 1,
        end_line=last + 1,
        start_byte=start,
        end_byte=end,
        docstring="",
        text=dedented(source, start + indentation, end),
    )

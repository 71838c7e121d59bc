"""Code that is in no other definition: statements of a script or a module, what a class holds
beside its members, and the parts of long definitions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import islice

import numpy as np

from embeddings.code.docstrings import line_after, line_before
from embeddings.code.languages import Language, keywords
from embeddings.code.outlines import (
    bounded,
    comment_span,
    dedented,
    docstring_statement,
    end_of_head,
)
from embeddings.code.syntax import Declaration, ParsedSource, all_within
from embeddings.code.windows import LONG_UNIT, LONGEST_WINDOW, statement_depths, windows
from embeddings.types import Definition, Kind

Lines = tuple[int, int]
"""The first and the last of some lines, from 0."""


def blocks_in(source: ParsedSource) -> Iterator[Definition]:
    """The blocks of a source, with the qualified names of what they lie in. Together with the other
    definitions they hold every line that has a word other than keywords."""
    lines = source.data.decode("utf-8", "replace").split("\n")
    starts = _line_starts(source.data)
    word = telling_word(source.language)
    containers = [source.module, *all_within(source.module)]
    apart = _apart(containers)
    depths: dict[int, int] = {}
    for container in containers:
        if not _is_divided(container, apart):
            continue
        for first, last in _regions(container, apart, source, lines):
            if not depths and starts[last + 1] - starts[first] > LONGEST_WINDOW:
                depths = statement_depths(source.module.tree)
            cuts = windows(lines, first, last, depths)
            # A definition's own text already begins with its first window.
            begins = _has_text(container) and first == container.first.start_point.row
            for begin, end in islice(cuts, int(begins), None):
                if any(map(word.search, lines[begin : end + 1])):
                    yield _block(container, source, (begin, end), starts)


def _apart(declarations: Sequence[Declaration]) -> set[Declaration]:
    """The declarations that blocks leave out: definitions, and what has some inside. Constants
    alone stay among the statements around them."""
    apart: set[Declaration] = set()
    for each in reversed(declarations):  # what is inside comes first
        is_found = each.is_definition and each.what != "constant"
        if is_found or not apart.isdisjoint(each.members):
            apart.add(each)
    return apart


def _is_divided(declaration: Declaration, apart: set[Declaration]) -> bool:
    """Whether what is in a declaration, beside the members that stand apart, is not in its own text
    or is too long for it."""
    if declaration.is_outlined:
        return True
    if not declaration.is_definition:
        return not apart.isdisjoint(declaration.members)
    return declaration.end_byte - declaration.first.start_byte > LONG_UNIT


def _has_text(declaration: Declaration) -> bool:
    return declaration.is_definition and not declaration.is_outlined


def _regions(
    container: Declaration, apart: set[Declaration], source: ParsedSource, lines: list[str]
) -> Iterator[Lines]:
    """The runs of lines between a container's head, the members that stand apart and its end that
    hold more than constants, from the first telling line to the last."""
    last, word = container.last_row, telling_word(source.language)
    begin = _first_line(container, source)
    constants = {
        line
        for member in container.members
        if member.what == "constant" and member.name and member not in apart
        for line in _range(_lines_of(member, source))
    }
    for start, end in [*_lines_left_out(container, apart, source), (last + 1, last + 1)]:
        told = [line for line in range(begin, start) if word.search(lines[line])]
        if any(line not in constants for line in told):
            yield told[0], told[-1]
        begin = max(begin, start, end + 1)


def _first_line(container: Declaration, source: ParsedSource) -> int:
    """The first line that is not in the text of the container itself."""
    if container is source.module:
        return 0
    first = container.first.start_point.row
    if container.is_outlined and container.body is not None:
        head = end_of_head(container.tree, container.body, source.language)
        row = first + source.data.count(b"\n", container.first.start_byte, head)
        return row if _has_words(line_after(source.data, head), source.language) else row + 1
    return first


def _lines_left_out(
    container: Declaration, apart: set[Declaration], source: ParsedSource
) -> Iterator[Lines]:
    """The lines of the docstring of an outlined container, and of the members that stand apart."""
    if container.is_outlined:
        docstring = docstring_statement(container, source)
        if docstring is not None:
            is_shared = _has_words(line_after(source.data, docstring.end_byte), source.language)
            yield docstring.start_point.row, docstring.end_point.row - is_shared
    for member in filter(apart.__contains__, container.members):
        yield _lines_of(member, source)


def _lines_of(member: Declaration, source: ParsedSource) -> Lines:
    """The lines of a member with the comment above it, without a first or last line that it shares
    with other code."""
    first, last = member.first.start_point.row, member.last_row
    start, end = source.span(member)
    if _has_words(line_before(source.data, start), source.language):
        first += 1
    elif member.is_definition and (span := comment_span(member, source)):
        first -= source.data.count(b"\n", span[0], start)
    if _has_words(line_after(source.data, end), source.language):
        last -= 1
    return first, last


def _has_words(part: bytes, language: Language) -> bool:
    return bool(part) and bool(telling_word(language).search(part.decode("utf-8", "replace")))


def _range(lines: Lines) -> range:
    return range(lines[0], lines[1] + 1)


@cache
def telling_word(language: Language) -> re.Pattern[str]:
    """Matches a word that is no keyword: `} else {`, `end` and `pass` say nothing by themselves."""
    ignored = "|".join(map(re.escape, sorted(keywords(language))))
    return re.compile(rf"\b(?!(?:{ignored})\b)\w" if ignored else r"\w")


def _line_starts(data: bytes) -> list[int]:
    """Where each line begins, and where one after the last would."""
    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == ord("\n"))
    return [0, *(ends + 1).tolist(), len(data) + 1]


def _block(
    container: Declaration, source: ParsedSource, lines: Lines, starts: list[int]
) -> Definition:
    first, last = lines
    start, end = starts[first], starts[last + 1] - 1
    code = source.data[start:end]
    indentation = len(code) - len(code.lstrip(b" \t"))
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
        text=bounded(dedented(source, start + indentation, end)),
    )

"""Sections of documents, from their headings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from embeddings.documents.units import MAX_NAME, Lines, outermost
from embeddings.types import Definition, Kind

MOST_SECTIONS = 500
"""Of one file. Where there are more, the innermost are part of those around them."""

WITHIN = " › "
"""Between the headings of a qualified name. A heading may hold dots, and is not a name in code."""

_LINK = re.compile(r"!?\[([^\[\]]*)\](?:\([^()]*\)|\[[^\[\]]*\])?")
_MARKS = re.compile(r"<[^<>]*>|`+|\*\*+|__+(?=\W|$)|(?<!\w)__+|:[\w-]+:(?=`)")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Heading:
    """Where a section begins: its first line, from 0, its level, from 1, and its title."""

    line: int
    level: int
    title: str


def sections(lines: Lines, headings: Sequence[Heading]) -> Iterator[Definition]:
    """A section for each heading, up to the next heading of any level, with the titles of those
    around it in its qualified name. What comes before the first heading is in blocks; a long
    section has windows, too."""
    kept = outermost(headings, MOST_SECTIONS)
    if not kept:
        yield from lines.whole()
        return
    yield from lines.blocks(0, kept[0].line - 1)
    around: list[Heading] = []
    ends = [heading.line - 1 for heading in kept[1:]] + [lines.last]
    for heading, end in zip(kept, ends, strict=True):
        while around and around[-1].level >= heading.level:
            around.pop()
        around.append(heading)
        first, last = lines.stripped(heading.line, end)
        name = _qualified(around)
        yield from lines.long_part(Kind.SECTION, first, last, heading.title, name)


def title(markup: str) -> str:
    """A heading's text without marks of links, code and emphasis."""
    plain = _MARKS.sub("", _LINK.sub(r"\1", markup[: 2 * MAX_NAME]))
    return _SPACE.sub(" ", plain).strip(" *_#=")[:MAX_NAME]


def _qualified(around: Sequence[Heading]) -> str:
    """The titles, joined; the outermost are left out where that would be too long."""
    name = around[-1].title
    for heading in reversed(around[:-1]):
        longer = f"{heading.title}{WITHIN}{name}"
        if len(longer) > 2 * MAX_NAME:
            break
        name = longer
    return name

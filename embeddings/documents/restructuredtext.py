"""reStructuredText: sections by underlined titles, with or without a line above."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from embeddings.documents.sections import Heading, sections, title
from embeddings.documents.units import Lines
from embeddings.types import Definition

_ADORNMENT = re.compile(r"([!-/:-@\[-`{-~])\1+[ \t]*$")
_SHORTEST = 4
"""Characters of a line below a longer title. docutils accepts them with a warning."""


def read(source: str, language: str) -> Iterator[Definition]:
    lines = Lines.split(source, language)
    return sections(lines, [*headings(lines.texts)])


def headings(lines: Sequence[str]) -> Iterator[Heading]:
    """The titles. A style of line is as deep as its first title says: styles are ranked in the
    order in which they appear."""
    styles: list[tuple[str, bool]] = []
    following = 0
    for number in range(1, len(lines)):
        underline, text = lines[number], lines[number - 1].rstrip()
        if number < following or not text or not _is_underline(underline, text):
            continue
        above = lines[number - 2].rstrip() if number > 1 else ""
        overlined = above == underline.rstrip()
        if _ADORNMENT.match(text) or not (overlined or _stands_alone(text, above)):
            continue
        style = (underline[0], overlined)
        if style not in styles:
            styles.append(style)
        line = number - 2 if overlined else number - 1
        yield Heading(line, styles.index(style) + 1, title(text))
        following = number + 2


def _stands_alone(text: str, above: str) -> bool:
    """Whether a title without a line above begins its line, after an empty line or a mark."""
    return not text[0].isspace() and (not above or above.startswith(".. "))


def _is_underline(line: str, text: str) -> bool:
    length = len(line.rstrip())
    return bool(_ADORNMENT.match(line)) and length >= min(_SHORTEST, len(text))

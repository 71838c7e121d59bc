"""Documents whose headings begin with marks: AsciiDoc, Org and man pages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from embeddings.documents.sections import Heading, sections, title
from embeddings.documents.units import Lines
from embeddings.types import Definition


@dataclass(frozen=True, slots=True)
class Form:
    """How a heading is written, as mark and title. The longer the mark, the deeper the section,
    unless `levels` says otherwise. `verbatim` matches the first line of a block without headings,
    and its group is what replaces the braces in `end`, its last line. A title that is underlined is
    as deep as the place of that character in `underlines`."""

    heading: re.Pattern[str]
    verbatim: re.Pattern[str]
    end: str = "{}"
    levels: Mapping[str, int] | None = None
    underlines: str = ""


_NOTHING = re.compile(r"(?!)")

FORMS = {
    "asciidoc": Form(
        re.compile(r"(={1,6}|#{1,6})[ \t]+(\S.*)"),
        re.compile(r"(-{4,}|\.{4,}|\+{4,}|/{4,}|`{3})\S*[ \t]*$"),
        underlines="=-~^+",
    ),
    "org": Form(
        re.compile(r"(\*{1,9})[ \t]+(\S.*)"), re.compile(r"[ \t]*#\+BEGIN_(\S+)", re.I), "#+END_{}"
    ),
    "man": Form(
        re.compile(r"(\.S[HhSs])[ \t]+\"?([^\"\s][^\"]*)"),
        _NOTHING,
        levels={".SH": 1, ".Sh": 1, ".SS": 2, ".Ss": 2},
    ),
}

MOST_DIFFERENCE = 2
"""Characters by which a title and the line below it may differ in length."""


def read(source: str, language: str) -> Iterator[Definition]:
    lines = Lines.split(source, language)
    return sections(lines, [*headings(lines.texts, FORMS[language])])


def headings(lines: Sequence[str], form: Form) -> Iterator[Heading]:
    end = ""
    for number, line in enumerate(lines):
        if end:
            end = "" if line.strip().upper() == end else end
        elif level := _underlined(lines, number, form):
            yield Heading(number - 1, level, title(lines[number - 1]))
        elif begin := form.verbatim.match(line):
            end = form.end.format(begin[1]).upper()
        elif mark := form.heading.match(line):
            level = (form.levels or {}).get(mark[1], len(mark[1]))
            yield Heading(number, level, title(mark[2]))


def _underlined(lines: Sequence[str], number: int, form: Form) -> int:
    """The level of the title that the line `number` underlines; 0 if it underlines none."""
    line, above = lines[number].rstrip(), lines[number - 1].rstrip() if number else ""
    is_uniform = len(line) > 1 and line[0] in form.underlines and not line.strip(line[0])
    if not is_uniform or not above[:1].isalnum() or abs(len(line) - len(above)) > MOST_DIFFERENCE:
        return 0
    return form.underlines.index(line[0]) + 1

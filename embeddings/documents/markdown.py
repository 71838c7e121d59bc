"""Markdown: sections by ATX headings, setext headings and HTML headings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from embeddings.documents.sections import Heading, sections, title
from embeddings.documents.units import MAX_NAME, Lines
from embeddings.types import Definition

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")
_ATX = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*)|$)")
_HTML = re.compile(r" {0,3}<h([1-6])(?:\s[^>]*)?>(.*)", re.I)
_CLOSING = re.compile(r"[ \t]#+[ \t]*$")
_UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*$")
_ITEM = re.compile(r" {0,3}(?:[-*+]|\d{1,9}[.)])[ \t]")
_OTHER_BLOCK = re.compile(r" {0,3}(?:>|[-*+][ \t]|\d{1,9}[.)][ \t]|\||<)| {4}|\t")
_FRONT_MATTER = {"---": ("---", "..."), "+++": ("+++",)}

MOST_TITLE_LINES = 3
"""Lines of an underlined heading. People do not read a longer paragraph above a line as one."""


def read(source: str, language: str) -> Iterator[Definition]:
    lines = Lines.split(source, language)
    return sections(lines, [*headings(lines.texts)])


def headings(lines: Sequence[str]) -> Iterator[Heading]:
    """The headings outside code, comments and front matter."""
    fence, is_comment, is_list, paragraph = "", False, False, None
    for number in range(_front_matter(lines), len(lines)):
        line = lines[number]
        if is_comment:
            is_comment = "-->" not in line
            continue
        if mark := _FENCE.match(line):
            fence = _fence(mark, fence)
            paragraph = None
            continue
        if fence:
            continue
        is_list = bool(_ITEM.match(line)) or (is_list and not line[:1].strip())
        if "<!--" in line and "-->" not in line.rpartition("<!--")[2]:
            is_comment, paragraph = True, None
        elif not (is_list and line[:1].isspace()) and (heading := _heading(line, number)):
            paragraph = None
            yield heading
        elif paragraph is not None and (underline := _UNDERLINE.match(line)):
            if number - paragraph <= MOST_TITLE_LINES:
                text = " ".join(lines[paragraph:number])
                yield Heading(paragraph, 1 if underline[1][0] == "=" else 2, title(text))
            paragraph = None
        elif not line.strip():
            paragraph = None
        elif paragraph is None and not _OTHER_BLOCK.match(line):
            paragraph = number


def _front_matter(lines: Sequence[str]) -> int:
    """The first line after the front matter; 0 if there is none."""
    ends = _FRONT_MATTER.get(lines[0].rstrip())
    if ends is None:
        return 0
    closing = (number for number, line in enumerate(lines) if number and line.rstrip() in ends)
    return next(closing, -1) + 1


def _fence(mark: re.Match[str], opened: str) -> str:
    """The fence that is open after a line with one; empty if none is."""
    if not opened:
        is_inline = mark[1][0] == "`" and "`" in mark[2]
        return "" if is_inline else mark[1]
    closes = mark[1].startswith(opened) and not mark[2].strip()
    return "" if closes else opened


def _heading(line: str, number: int) -> Heading | None:
    if mark := _ATX.match(line):
        text = _CLOSING.sub("", (mark[2] or "")[: 4 * MAX_NAME])
        return Heading(number, len(mark[1]), title(text))
    if mark := _HTML.match(line):
        text = title(mark[2].lower().partition("</h")[0] and _until_end_tag(mark[2]))
        return Heading(number, int(mark[1]), text) if text else None
    return None


def _until_end_tag(text: str) -> str:
    end = text.lower().find("</h")
    return text if end < 0 else text[:end]

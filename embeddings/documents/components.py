"""Components and templates: Vue, Svelte, HTML, and languages of templates. Scripts and styles are
read in their own languages, and the rest is in blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from embeddings.code import languages
from embeddings.code.languages import FileType
from embeddings.code.languages.language import EmbeddedCode
from embeddings.documents.embedded import definitions_of
from embeddings.documents.units import Lines
from embeddings.types import Definition

MOST_PARTS = 100
"""Scripts and styles of one file that are read; later ones stay among the rest."""

LONGEST_TAG = 1_000
"""Characters."""

_TAG = re.compile(r"<(script|style)\b", re.I)
_END = {tag: re.compile(rf"</{tag}\b", re.I) for tag in ("script", "style")}
_TAGS = re.compile(
    r"\s*+(?:</?(?:script|style|template)(?:\s++(?:lang|type)=[^\s<>]++|\s++[\w-]++(?!=))*+\s*+>\s*+)++",
    re.I,
)
"""A line that says no more than that a part begins or ends, and in which language it is."""

_ATTRIBUTES = re.compile(r"""(?:[^>"']|"[^"]*+"|'[^']*+')*+>""")
_LANGUAGE = re.compile(r"""\s(lang|type)\s*=\s*["']?([\w/+.-]+)""")

_USUAL = {"script": "js", "style": "css"}
_BY_MIME = {
    "module": "js",
    "text/javascript": "js",
    "application/javascript": "js",
    "text/babel": "jsx",
    "text/jsx": "jsx",
    "text/typescript": "ts",
    "application/json": "json",
    "application/ld+json": "json",
    "importmap": "json",
    "speculationrules": "json",
    "text/css": "css",
}
"""The extensions of languages. A script of another type, such as a template, is none."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A script or style: the characters between its tags, and its type, if that is known."""

    start: int
    end: int
    file_type: FileType | None


def read(source: str, language: str) -> Iterator[Definition]:
    lines = Lines.split(source, language, _TAGS)
    parts = [
        part for part in _parts(source) if part.file_type and source[part.start : part.end].strip()
    ]
    if not parts:
        yield from lines.whole()
        return
    outside = 0
    line, end = 0, 0
    for part in parts:
        line += source.count("\n", end, part.start)
        last = line + source.count("\n", part.start, part.end)
        end = part.start
        yield from lines.blocks(outside, line)
        outside = max(last, line + 1)
        byte = lines.starts[line] + _bytes_before(source, part.start)
        assert part.file_type is not None
        yield from definitions_of(source[part.start : part.end], part.file_type, line, byte)
    yield from lines.blocks(outside, lines.last)


def code(source: str) -> Iterator[EmbeddedCode]:
    """The scripts and styles of known types."""
    line, end = 0, 0
    for part in _parts(source):
        line += source.count("\n", end, part.start)
        end = part.start
        if part.file_type is not None:
            yield EmbeddedCode(source[part.start : part.end], part.file_type, line)


def _parts(source: str) -> Iterator[_Part]:
    end = 0
    for tag in islice(_TAG.finditer(source), MOST_PARTS):
        if tag.start() < end:
            continue
        attributes = _ATTRIBUTES.match(source, tag.end(), tag.end() + LONGEST_TAG)
        if attributes is None or attributes[0].endswith("/>"):
            continue
        name, start = tag[1].lower(), attributes.end()
        closing = _END[name].search(source, start)
        end = closing.start() if closing else len(source)
        yield _Part(start, end, _type(name, attributes[0]))


def _type(tag: str, attributes: str) -> FileType | None:
    told = {mark[1].lower(): mark[2].lower() for mark in _LANGUAGE.finditer(" " + attributes)}
    extension = told.get("lang") or _BY_MIME.get(told.get("type", ""))
    if extension is None and "type" in told:
        return None
    return languages.by_path(f"part.{extension or _USUAL[tag]}")


def _bytes_before(source: str, position: int) -> int:
    """The bytes of a line before a position."""
    return len(source[source.rfind("\n", 0, position) + 1 : position].encode("utf-8", "replace"))

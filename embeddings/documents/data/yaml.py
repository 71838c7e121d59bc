"""YAML, by the indentation of its keys, so that templates of YAML are read, too."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from embeddings.documents.data.keys import Key, closed, documented, units
from embeddings.documents.units import MAX_NAME, Lines
from embeddings.types import Definition

_NO_KEY = frozenset("#&*!|>%@`{}[],?")
_BLOCK_SCALAR = re.compile(r"(?:[&!]\S*[ \t]+)*[|>][-+\d]{0,3}[ \t]*(?:#.*)?$")
_COMMENT = ("#",)


@dataclass(frozen=True, slots=True)
class _Pair:
    """A key of a mapping with what follows on its line."""

    line: int
    indent: int
    name: str
    value: str


def read(source: str, language: str) -> Iterator[Definition]:
    lines = Lines.split(source, language)
    return units(lines, keys(lines.texts))


def keys(texts: Sequence[str]) -> list[Key]:
    """The keys of mappings outside sequences. Those of a Kubernetes manifest lie in its kind and
    name."""
    found: list[Key] = []
    for first, last in _documents(texts):
        pairs = [*_pairs(texts, first, last)]
        own = [*_levels(pairs)]
        if manifest := _manifest(pairs, first, texts):
            own = [manifest, *(replace(key, level=key.level + 1) for key in own)]
        found += closed(documented(own, texts, _COMMENT), last)
    return found


def _documents(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """The lines of each document of a stream."""
    first = 0
    for number, text in enumerate(texts):
        if text.startswith("---") and text[3:4].strip() == "":
            if number > first:
                yield first, number - 1
            first = number + 1
    if first < len(texts):
        yield first, len(texts) - 1


def _pairs(texts: Sequence[str], first: int, last: int) -> Iterator[_Pair]:
    """The keys of a document that are outside sequences and block scalars."""
    hidden = None
    for number in range(first, last + 1):
        text = texts[number]
        rest = text.lstrip()
        if not rest or rest[0] == "#":
            continue
        indent = len(text) - len(rest)
        is_item = rest[0] == "-" and rest[1:2] in ("", " ")
        if hidden is not None and indent > hidden:
            continue
        hidden = indent if is_item else None
        if is_item:
            continue
        name, value = _split(rest)
        if name:
            yield _Pair(number, indent, name, value)
            if _BLOCK_SCALAR.match(value):
                hidden = indent


def _split(text: str) -> tuple[str, str]:
    """A line as key and value; two empty texts if it has no key."""
    if text[0] in "\"'":
        end = text.find(text[0], 1)
        name, colon, value = text[1:end], text[end + 1 : end + 2], text[end + 2 :]
        is_key = end > 0 and colon == ":"
    else:
        name, colon, value = text.partition(": ")
        if not colon and text.rstrip().endswith(":"):
            name, colon = text.rstrip()[:-1], ":"
        is_key = bool(colon) and text[0] not in _NO_KEY and " #" not in name
    return (name.strip()[:MAX_NAME], value.strip()) if is_key else ("", "")


def _levels(pairs: Sequence[_Pair]) -> Iterator[Key]:
    around: list[int] = []
    for pair in pairs:
        while around and around[-1] >= pair.indent:
            around.pop()
        around.append(pair.indent)
        yield Key(pair.line, len(around), pair.name)


def _manifest(pairs: Sequence[_Pair], first: int, texts: Sequence[str]) -> Key | None:
    """The key of a document that has a kind, and a name in its metadata."""
    kind, name, is_metadata = "", "", False
    for pair in pairs:
        if pair.indent == 0:
            is_metadata = pair.name == "metadata"
            kind = pair.value.strip("\"'") if pair.name == "kind" else kind
        elif is_metadata and pair.name == "name" and not name:
            name = pair.value.strip("\"'")
    if not kind or not name or not pairs:
        return None
    line = next(number for number in range(first, len(texts)) if texts[number].strip())
    return Key(min(line, pairs[0].line), 1, name[:MAX_NAME], kind[:MAX_NAME])

"""XML, by its elements. What is not well-formed is read as far as its tags go."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from embeddings.documents.data.keys import MOST_LEVELS, Key, documented, units
from embeddings.documents.units import MAX_NAME, Lines
from embeddings.types import Definition

_TOKEN = re.compile(
    r"""
      (?P<other> <!--(?:(?!-->).)*+ | <!\[CDATA\[(?:(?!\]\]>).)*+ | <[!?][^<>]*+ )
    | </(?P<closed> [^\s<>/]++ )
    | <(?P<opened> [^\s<>/!?="']++ ) (?P<attributes> (?: [^<>"'] | "[^"<]*+"?+ | '[^'<]*+'?+ )*+ )
    """,
    re.VERBOSE | re.DOTALL,
)
_NAME = re.compile(r"""(?:^|\s)(?:[\w.-]+:)?(?:name|id|key|Include)\s*=\s*["']([^"'<>\n]+)["']""")
_CLOSING = re.compile(r"\s*+(?:</[^<>]*+>\s*+)++")
_COMMENTS = ("<!--",)


def read(source: str, language: str) -> Iterator[Definition]:
    lines = Lines.split(source, language, _CLOSING)
    found = sorted(keys(source), key=lambda key: (key.line, key.level))
    return units(lines, [*documented(found, lines.texts, _COMMENTS)])


def keys(source: str) -> Iterator[Key]:
    """The elements inside the outermost one, down to the last level that becomes units, each once
    it has ended. An element with a name or an id is called by that, and qualified by its tag."""
    line, end, depth = 0, 0, 0
    waiting: list[Key] = []
    for token in _TOKEN.finditer(source):
        line += source.count("\n", end, token.start())
        end = token.start()
        if token["closed"]:
            depth = max(0, depth - 1)
            while waiting and waiting[-1].level >= max(1, depth):
                yield replace(waiting.pop(), last=line)
        elif token["opened"]:
            key = _key(token, line, depth)
            is_empty = token["attributes"].endswith("/")
            if is_empty and 1 <= depth <= MOST_LEVELS:
                yield replace(key, last=line + token[0].count("\n"))
            elif not is_empty:
                if 1 <= depth <= MOST_LEVELS:
                    waiting.append(key)
                depth += 1
    while waiting:
        yield replace(waiting.pop(), last=line)


def _key(token: re.Match[str], line: int, depth: int) -> Key:
    tag, name = token["opened"][:MAX_NAME], _NAME.search(token["attributes"][: 10 * MAX_NAME])
    if name is None:
        return Key(line, depth, tag)
    return Key(line, depth, name[1][:MAX_NAME], tag)

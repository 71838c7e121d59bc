"""JSON, and its dialects with comments, trailing commas and names without quotes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from embeddings.documents.data.keys import MOST_LEVELS, Key, documented, units
from embeddings.documents.units import MAX_NAME, Lines
from embeddings.types import Definition

_TOKEN = re.compile(
    r"""
      (?P<string> "(?:[^"\\\n] | \\.)*+"?+ | '(?:[^'\\\n] | \\.)*+'?+ )
    | (?P<comment> //[^\n]*+ | /\*(?:(?!\*/).)*+ )
    | (?P<name> [^\W\d][\w$-]*+ )
    | (?P<mark> [{}\[\]:,\n] )
    """,
    re.VERBOSE | re.DOTALL,
)
_COMMENTS = ("//", "/*", "*")


def read(source: str, language: str) -> Iterator[Definition]:
    lines = Lines.split(source, language)
    found = sorted(keys(source), key=lambda key: (key.line, key.level))
    return units(lines, [*documented(found, lines.texts, _COMMENTS)])


def keys(source: str) -> Iterator[Key]:
    """The keys of the outer levels that lie in objects alone, each once its value has ended."""
    depth, arrays, line, end = 0, 0, 0, 0
    name, waiting = "", list[Key]()
    for token in _TOKEN.finditer(source):
        kind, text = token.lastgroup, token[0]
        if text == "\n" or kind == "comment":
            line += text.count("\n")
            continue
        if kind in ("string", "name"):
            name = text.strip("\"'")
        elif text == ":":
            is_outer = not arrays and 1 <= depth <= MOST_LEVELS
            if name and is_outer and not (waiting and waiting[-1].level == depth):
                waiting.append(Key(end, depth, name[:MAX_NAME]))
        elif text in "{[":
            depth, arrays = depth + 1, arrays + (text == "[")
        else:
            yield from _ended(waiting, depth, end)
            if text != ",":
                depth, arrays = max(0, depth - 1), max(0, arrays - (text == "]"))
        end = line
    yield from _ended(waiting, 0, end)


def _ended(waiting: list[Key], level: int, last: int) -> Iterator[Key]:
    """Takes the keys of a level and those inside it from those that wait for their end."""
    while waiting and waiting[-1].level >= level:
        yield replace(waiting.pop(), last=last)

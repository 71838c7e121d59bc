"""Answers within a number of tokens. Agents use many tokenizers, so that tokens are estimated: by
pieces of text that few tokenizers join."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

_PIECE = re.compile(r"[A-Za-z]{1,6}|[^\W\d_]|\d{1,3}|_|[^\w\s]|\n")

CLOSING = 80
"""Tokens that are reserved for saying how to continue."""


def count(text: str) -> int:
    """Estimates the tokens of a text. Of source code and documentation, Claude's tokenizer makes
    0.7 to 1 tokens of each that is counted here, and a WordPiece tokenizer 0.7 to 1.1."""
    return sum(1 for _ in _PIECE.finditer(text))


@dataclass(frozen=True, slots=True)
class Entry:
    """A part of an answer: a title, and lines that may be cut. `rest` says how to read what comes
    after the first so many lines."""

    title: str
    lines: Sequence[str] = ()
    rest: Callable[[int], str] = lambda shown: ""

    @property
    def text(self) -> str:
        return "\n".join([self.title, *self.lines] if self.title else self.lines)


@dataclass(frozen=True, slots=True)
class Listing:
    """An answer: what it is about, its entries, and what to say after the first so many of them:
    how much is left, and how to continue. That is empty where nothing is left."""

    head: str
    entries: Sequence[Entry]
    rest: Callable[[int], str] = lambda shown: ""


def continued(cursor: str) -> str:
    """How to get what comes after a cursor; empty without one."""
    return f"Call again with cursor={cursor} for more." if cursor else ""


def fit(listing: Listing, max_tokens: int) -> str:
    """The text of an answer in about `max_tokens`. Entries are left out at its end; the first one
    is cut instead, so that every answer shows something."""
    parts = [listing.head]
    left = max_tokens - count(listing.head) - CLOSING
    shown = 0
    for entry in listing.entries:
        text = entry.text
        left -= count(text) + 1
        if left < 0:
            break
        parts.append(text)
        shown += 1
    if listing.entries and not shown:
        (first, *_), shown = listing.entries, 1
        parts.append("\n".join(_cut(first, max_tokens - count(listing.head) - CLOSING)))
    parts.append(listing.rest(shown))
    return "\n".join(part for part in parts if part)


def _cut(entry: Entry, max_tokens: int) -> Iterator[str]:
    if entry.title:
        yield entry.title
    left = max_tokens - count(entry.title)
    for number, line in enumerate(entry.lines):
        left -= count(line) + 1
        if left < 0 and number:
            yield entry.rest(number)
            return
        yield line if left >= 0 else _beginning(line, max_tokens)
        if left < 0:
            yield entry.rest(1)
            return


def _beginning(line: str, max_tokens: int) -> str:
    """As much of one long line as fits."""
    pieces = list(_PIECE.finditer(line))
    return f"{line[: pieces[max(0, min(max_tokens, len(pieces)) - 1)].end()]}…"

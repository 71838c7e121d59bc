"""Parsing what a user typed: text and filters, words, and the name that it may be."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from embeddings.code.words import analyse
from search.query import filters
from search.query.filters import BadQuery, Filter

MAX_CHARACTERS = 2_000

MAX_JOINED = 16
"""The first words of a query, of which each two in a row are joined."""

_SYMBOL = re.compile(r"[^\W\d]\w*(?:(?:\.|::|#)[^\W\d]\w*)*(?=(?:\(\))?$)")
_WORD = re.compile(r"[^\W\d_]{2,}|\d+")
_SEPARATOR = re.compile(r"\.|::|#")
_NAMES = {"q": "query", "code": "code"}


@dataclass(frozen=True, slots=True)
class Query:
    """A validated query: what was `typed`, and its `text` without filters. `symbol` holds the parts
    of a dotted name (`Session.request` → Session, request) if the text is one; otherwise it is
    empty."""

    typed: str
    text: str
    words: tuple[str, ...]
    symbol: tuple[str, ...]
    filters: tuple[Filter, ...] = ()

    @property
    def joined(self) -> tuple[str, ...]:
        """Words that two words in a row make together, as an identifier may: `thread pool` →
        threadpool."""
        in_order = _WORD.findall(self.text.lower())[:MAX_JOINED]
        return tuple(dict.fromkeys(map("".join, pairwise(in_order))))


def parse_query(text: str, more: Sequence[Filter] = ()) -> Query:
    """The query in `text`, with the filters in it and `more`. Raises `BadQuery`."""
    typed = text.strip()
    check_text(typed)
    text, own = filters.extract_filters(typed)
    if not text:
        raise BadQuery("A query needs some text beside its filters.")
    all_filters = (*own, *more)
    filters.check_number(all_filters)
    return Query(typed, text, analyse(text), _symbol(text), all_filters)


def check_text(text: str, parameter: str = "q") -> None:
    """Raises `BadQuery` for text that cannot be stored or encoded, is empty, or is too long."""
    name = _NAMES[parameter]
    filters.check_characters(text, name, parameter)
    if not text:
        raise BadQuery(f"The {name} is empty.", parameter)
    if len(text) > MAX_CHARACTERS:
        raise BadQuery(
            f"The {name} has {len(text):,} characters; at most {MAX_CHARACTERS:,} are allowed.",
            parameter,
        )


def _symbol(text: str) -> tuple[str, ...]:
    match = _SYMBOL.match(text)
    return tuple(_SEPARATOR.split(match[0])) if match else ()

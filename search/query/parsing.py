"""Parsing what a user typed: text and filters, words, and the names in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from embeddings.code.words import analyse
from search.query import filters
from search.query.filters import BadQuery, Filter
from search.query.names import Name, find_names

MAX_CHARACTERS = 2_000

_NAMES = {"q": "query", "code": "code"}


@dataclass(frozen=True, slots=True)
class Query:
    """A validated query: what was `typed`, its `text` without filters, the `words` of that, and the
    `names` of definitions in it."""

    typed: str
    text: str
    words: tuple[str, ...]
    names: tuple[Name, ...]
    filters: tuple[Filter, ...] = ()


def parse_query(text: str, more: Sequence[Filter] = ()) -> Query:
    """The query in `text`, with the filters in it and `more`. Raises `BadQuery`."""
    typed = text.strip()
    check_text(typed)
    text, own = filters.extract_filters(typed)
    if not text:
        raise BadQuery("A query needs some text beside its filters.")
    all_filters = (*own, *more)
    filters.check_number(all_filters)
    return Query(typed, text, analyse(text), find_names(text), all_filters)


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

"""Parsing what a user typed: text and filters, words, and the names in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from embeddings.code.words import analyse
from search.query import expressions, filters
from search.query.expressions import Expression
from search.query.filters import BadQuery, Field, Filter
from search.query.messages import Message, find_message
from search.query.names import Name, find_names

MAX_CHARACTERS = 2_000

MAX_JOINED = 16
"""The first words of a query, of which each two in a row are joined."""

_WORD = re.compile(r"[^\W\d_]{2,}|\d+")
_NAMES = {"q": "query", "code": "code"}


@dataclass(frozen=True, slots=True)
class Query:
    """A validated query: what was `typed`, its `text` without filters, the `words` of that, the
    `names` of definitions in it, and the `message` that it may be. `expressions` are the conditions
    that operators make, all of which must hold. `is_phrases`: there is no text beside phrases and
    other filters."""

    typed: str
    text: str
    words: tuple[str, ...]
    names: tuple[Name, ...]
    filters: tuple[Filter, ...] = ()
    expressions: tuple[Expression, ...] = ()
    message: Message | None = None
    is_phrases: bool = False

    @property
    def is_name(self) -> bool:
        """Whether it is a name and nothing else."""
        return any(name.is_whole for name in self.names)

    @property
    def joined(self) -> tuple[str, ...]:
        """Words that two words in a row make together, as an identifier may: `thread pool` →
        threadpool."""
        in_order = _WORD.findall(self.text.lower())[:MAX_JOINED]
        return tuple(dict.fromkeys(map("".join, pairwise(in_order))))

    def asked(self, field: Field) -> list[str]:
        """The values of a field that the query asks for, in whatever combination."""
        in_expressions = [
            leaf.value
            for each in self.expressions
            for leaf, negated in expressions.leaves(each)
            if leaf.field == field and not negated
        ]
        return [*filters.filter_values(self.filters, field), *in_expressions]


def parse_query(text: str, more: Sequence[Filter] = ()) -> Query:
    """The query in `text`, which may be empty beside filters, with the filters in it and `more`.
    Raises `BadQuery`."""
    typed = with_unix_line_breaks(text).strip()
    if typed or not more:
        check_text(typed)
    extracted, own = expressions.extract(typed)
    text = extracted.text
    all_filters = (*extracted.filters, *more)
    in_expressions = [leaf for each in own for leaf, _ in expressions.leaves(each)]
    filters.check_number([*all_filters, *in_expressions])
    words, names, is_phrases = analyse(text), find_names(text), not extracted.free
    query = Query(typed, text, words, names, all_filters, own, is_phrases=is_phrases)
    return query if query.is_name else replace(query, message=find_message(extracted.quoted))


def with_unix_line_breaks(text: str) -> str:
    """Browsers send the line breaks of a form's text as CR LF."""
    return text.replace("\r\n", "\n")


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

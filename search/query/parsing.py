"""What a user typed: checked, split into words, and read as a name if it may be one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from embeddings.code.words import analyse
from search.query import filters
from search.query.filters import BadQuery, Field, Filter
from search.results import Group

MAX_CHARACTERS = 2_000
MAX_RESULTS = 200
DEFAULT_RESULTS = 10

_SYMBOL = re.compile(r"[^\W\d]\w*(?:(?:\.|::|#)[^\W\d]\w*)*(?=(?:\(\))?$)")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_SEPARATOR = re.compile(r"\.|::|#")
_CALLED = {"q": "query", "code": "code"}


@dataclass(frozen=True, slots=True)
class Query:
    """A checked query: what was `typed`, and the `text` in it that is no filter. `symbol` holds the
    parts of a dotted name (`Session.request` → Session, request) if the text is one, and is empty
    otherwise."""

    typed: str
    text: str
    words: tuple[str, ...]
    symbol: tuple[str, ...]
    filters: tuple[Filter, ...] = ()


def read(text: str, more: Sequence[Filter] = ()) -> Query:
    """The query that `text` is, with the filters in it and `more`. Raises `BadQuery`."""
    typed = text.strip()
    _check(typed)
    text, own = filters.read(typed)
    if not text:
        raise BadQuery("Filters alone find nothing: say also what you look for.")
    return Query(typed, text, analyse(text), _symbol(text), filters.few_enough((*own, *more)))


def checked_limit(limit: int | str) -> int:
    """`limit` as a number, if so many results can be asked for. Raises `BadQuery`."""
    if not re.fullmatch(r"\d{1,3}", str(limit)) or not 1 <= int(limit) <= MAX_RESULTS:
        raise BadQuery(f"The limit is a whole number from 1 to {MAX_RESULTS}.", "limit")
    return int(limit)


def checked_group(group: str) -> Group:
    """Raises `BadQuery`."""
    if group not in set(Group):
        raise BadQuery(f"The group is one of {', '.join(Group)}.", "group")
    return Group(group)


def checked_code(code: str) -> str:
    """Raises `BadQuery`."""
    _check(code.strip(), "code")
    return code


def checked_language(language: str) -> str:
    """By its name, or by an extension of its files. Raises `BadQuery`."""
    if not (found := filters.given({Field.LANGUAGE: [language]})):
        raise BadQuery("The language is empty.", "lang")
    return found[0].value


def _check(text: str, parameter: str = "q") -> None:
    called = _CALLED[parameter]
    if "\x00" in text:
        raise BadQuery(f"The {called} holds a NUL character.", parameter)
    if _SURROGATE.search(text):
        raise BadQuery(f"The {called} holds bytes that are not UTF-8.", parameter)
    if not text:
        raise BadQuery(f"The {called} is empty.", parameter)
    if len(text) > MAX_CHARACTERS:
        raise BadQuery(
            f"The {called} has {len(text):,} characters; {MAX_CHARACTERS:,} are allowed.", parameter
        )


def _symbol(text: str) -> tuple[str, ...]:
    match = _SYMBOL.match(text)
    return tuple(_SEPARATOR.split(match[0])) if match else ()

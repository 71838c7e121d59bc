"""What is asked of a search. The page, the REST API and the command line each build one request
from their parameters, by the functions here, and pass it on whole."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from django.contrib.auth.models import AnonymousUser, User

from codeindex.models import Definition
from search.candidates.path_rules import Order
from search.query import filters, parsing
from search.query.filters import BadQuery, Field, Filter
from search.query.parsing import Query
from search.ranking import paging
from search.ranking.balance import EVEN, Balance, parse_balance
from search.ranking.paging import Position
from search.results import Group

DEFAULT_RESULTS = 10
MAX_RESULTS = 200
DEFAULT_BALANCE = "even"
DEFAULT_LANGUAGE = "python"
"""Of pasted code."""

Parameters = Mapping[str, Sequence[str]]
"""name → its values as they were given, which may be none. The last value counts where a parameter
takes one."""


class Likeness(StrEnum):
    """What is compared of two definitions."""

    BOTH = "both"
    MEANING = "meaning"  # what the text adds to a vector
    STRUCTURE = "structure"  # what the code adds


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """A search, validated. `query` holds its text and all of its filters; `limit` is from 1 to
    MAX_RESULTS. The results are those after a position, if there is one. With `added_by` only code
    is found that these index runs have added to its branches."""

    user: User | AnonymousUser
    query: Query
    limit: int = DEFAULT_RESULTS
    order: Order = Order.IMPLEMENTATIONS
    group: Group = Group.DEFINITION
    balance: Balance = EVEN
    after: Position | None = None
    added_by: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class PastedCode:
    """A definition that need not be indexed, in a language that codeindex reads."""

    source: str
    language: str


@dataclass(frozen=True, slots=True)
class SimilarRequest:
    """A search for code that is similar to an `example`, validated. Whoever makes one from a
    definition has checked that `user` may see it. `filters` are of repositories."""

    user: User | AnonymousUser
    example: Definition | PastedCode
    limit: int = DEFAULT_RESULTS
    likeness: Likeness = Likeness.BOTH
    filters: Sequence[Filter] = ()


def parse_search(user: User | AnonymousUser, parameters: Parameters) -> SearchRequest:
    """From `q`, the filters `repo`, `path`, `lang` and `kind`, `limit`, `order`, `group`, `balance`
    and `cursor`; `repository` is another name of `repo`, and excludes nothing. Raises
    `BadQuery`."""
    return SearchRequest(
        user=user,
        query=parsing.parse_query(last(parameters, "q"), filters.from_parameters(parameters)),
        limit=_limit(parameters),
        order=chosen(parameters, "order", Order.IMPLEMENTATIONS),
        group=chosen(parameters, "group", Group.DEFINITION),
        balance=parse_balance(last(parameters, "balance") or DEFAULT_BALANCE),
        after=_position(last(parameters, "cursor")),
    )


def parse_similar(
    user: User | AnonymousUser, definition: Definition, parameters: Parameters
) -> SimilarRequest:
    """From `limit`, `by` and `repo`. Raises `BadQuery`."""
    return _similar(user, definition, parameters)


def parse_similar_to_code(user: User | AnonymousUser, parameters: Parameters) -> SimilarRequest:
    """From `code`, `lang`, `limit`, `by` and `repo`. Raises `BadQuery`."""
    code = parsing.with_unix_line_breaks(last(parameters, "code"))
    parsing.check_text(code.strip(), "code")
    language = last(parameters, "lang").strip() or DEFAULT_LANGUAGE
    pasted = PastedCode(code, filters.known_language(language, Field.LANGUAGE))
    return _similar(user, pasted, parameters)


def _similar(
    user: User | AnonymousUser, example: Definition | PastedCode, parameters: Parameters
) -> SimilarRequest:
    repositories = filters.from_parameters({"repo": parameters.get(Field.REPOSITORY, ())})
    filters.check_number(repositories)
    return SimilarRequest(user, example, _limit(parameters), _likeness(parameters), repositories)


def _limit(parameters: Parameters) -> int:
    return limit_in(parameters, DEFAULT_RESULTS, MAX_RESULTS)


def limit_in(parameters: Parameters, default: int, most: int) -> int:
    """The value of `limit`, from 1 to `most`. Raises `BadQuery`."""
    limit = last(parameters, "limit", str(default))
    if not re.fullmatch(r"[0-9]{1,4}", limit) or not 1 <= int(limit) <= most:
        raise BadQuery(f"The limit must be a whole number from 1 to {most}.", "limit")
    return int(limit)


def _position(cursor: str) -> Position | None:
    if not cursor:
        return None
    try:
        return paging.position(cursor)
    except ValueError as error:
        raise bad_cursor() from error


def bad_cursor() -> BadQuery:
    return BadQuery("The cursor is not one that an answer gave.", "cursor")


def _likeness(parameters: Parameters) -> Likeness:
    return chosen(parameters, "by", Likeness.BOTH, called="comparison")


Choice = TypeVar("Choice", bound=StrEnum)


def chosen(parameters: Parameters, name: str, default: Choice, called: str = "") -> Choice:
    """The parameter's value, of the default's class; errors call it by its name or as it is
    `called`. Raises `BadQuery`."""
    choices = type(default)
    value = last(parameters, name, default.value)
    if value not in set(choices):
        allowed = [choice.value for choice in choices]
        raise filters.unknown_value(called or name, value, allowed, name)
    return choices(value)


def last(parameters: Parameters, name: str, default: str = "") -> str:
    """The parameter's last value."""
    values = parameters.get(name)
    return values[-1] if values else default

"""What is asked of a search for lines. The page, the REST API and the command line each build one
request from their parameters, by `parse_lines`, and pass it on whole."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from enum import StrEnum
from types import MappingProxyType

from django.contrib.auth.models import AnonymousUser, User

from codeindex import cursors
from search.lines.patterns import Pattern
from search.query import filters
from search.query.filters import BadQuery, Field, Filter
from search.query.parsing import MAX_CHARACTERS, check_text
from search.request import Parameters, chosen, last, limit_in

DEFAULT_FILES = 20
MAX_FILES = 100

NO_FILTERS: Parameters = MappingProxyType({})

FIELDS = (Field.REPOSITORY, Field.REVISION, Field.PATH, Field.LANGUAGE, Field.LABEL)
"""What lines are filtered by; a kind is of definitions."""


class Mode(StrEnum):
    """How a query is read."""

    TEXT = "text"  # `/…/` is a regular expression, and everything else exact text
    EXACT = "exact"
    REGEX = "regex"


class Case(StrEnum):
    IGNORE = "ignore"
    MATCH = "match"


class Words(StrEnum):
    """Where a match may begin and end."""

    ANY = "any"
    WHOLE = "whole"


@dataclass(frozen=True, slots=True)
class Position:
    """How far the files have been searched: up to a path of a repository's branch. Up to there,
    `lines` in `files` match. Not `complete`: they are not all that do."""

    repository: str
    owner: str
    branch: str
    path: str
    files: int = 0
    lines: int = 0
    complete: bool = True

    def written(self) -> str:
        """For an address."""
        return cursors.written(astuple(self))


@dataclass(frozen=True, slots=True)
class LineRequest:
    """A search for lines, validated. `typed` is the query as it was given. The answer shows at most
    `limit` files, from 1 to MAX_FILES, which come after a position if there is one."""

    user: User | AnonymousUser
    typed: str
    pattern: Pattern
    filters: Sequence[Filter] = ()
    limit: int = DEFAULT_FILES
    after: Position | None = None


def parse_lines(user: User | AnonymousUser, parameters: Parameters) -> LineRequest:
    """From `q`, the filters in FIELDS, `repository`, `mode`, `case`, `word`, `limit` and `after`.
    Raises `BadQuery`."""
    typed = last(parameters, "q").strip()
    check_text(typed)
    text, is_regex, own = _read(typed, chosen(parameters, "mode", Mode.TEXT))
    if not text:
        raise BadQuery("A query needs some text beside its filters.")
    return lines_with(user, text, is_regex, parameters, typed=typed, own=own)


def lines_with(
    user: User | AnonymousUser,
    text: str,
    is_regex: bool,
    parameters: Parameters,
    *,
    typed: str = "",
    own: Parameters = NO_FILTERS,
) -> LineRequest:
    """For exact text or a regular expression, in which nothing is a filter, from all parameters but
    `q` and `mode`. `typed` is the query that it comes from, and `own` are the filters of that.
    Raises `BadQuery`."""
    check_text(text)
    for field in (Field.KIND, Field.AUTHOR):
        if any(value.strip() for value in parameters.get(field, ())):
            raise BadQuery(
                f"Lines cannot be filtered by {field}: only definitions have one.", field
            )
    names = (filters.REPOSITORY, *map(str, FIELDS))
    given = {name: parameters[name] for name in names if name in parameters}
    kept = (*filters.from_parameters(own), *filters.from_parameters(given))
    filters.check_number(kept)
    case = chosen(parameters, "case", Case.IGNORE) == Case.MATCH
    word = chosen(parameters, "word", Words.ANY) == Words.WHOLE
    return LineRequest(
        user=user,
        typed=typed or text,
        pattern=Pattern(text, is_regex, case, word),
        filters=kept,
        limit=limit_in(parameters, DEFAULT_FILES, MAX_FILES),
        after=_position(last(parameters, "after")),
    )


def is_regex(typed: str) -> bool:
    """Whether a query is a regular expression between slashes, with filters or without. A longer
    one than is allowed is not looked at, since that may take the square of its length."""
    return len(typed) <= MAX_CHARACTERS and _between_slashes(typed.strip()) is not None


def _read(typed: str, mode: Mode) -> tuple[str, bool, Mapping[str, Sequence[str]]]:
    """The text to search for, whether it is a regular expression, and the filters' parameters."""
    regex = None if mode == Mode.EXACT else _between_slashes(typed)
    if regex:
        return regex[0], True, regex[1]
    rest, own = (typed, {}) if "\n" in typed else _without_filters(typed)
    if mode == Mode.REGEX:
        return rest, True, own
    quoted = _QUOTED.fullmatch(rest)
    return (quoted[1] if quoted else rest), False, own


def _between_slashes(typed: str) -> tuple[str, Mapping[str, Sequence[str]]] | None:
    """The pattern between slashes, and the parameters of the filters around it; None if there is
    more than these."""
    match = _REGEX.search(typed)
    if match is None:
        return None
    rest, own = _without_filters(f"{typed[: match.start()]} {typed[match.end() :]}")
    return None if rest else (match["pattern"], own)


def _without_filters(typed: str) -> tuple[str, Mapping[str, Sequence[str]]]:
    found: dict[str, list[str]] = {}
    for match in _FILTER.finditer(typed):
        value = match["minus"] + (match["quoted"] or match["bare"])
        found.setdefault(match["field"], []).append(value)
    return _FILTER.sub("", typed).strip(), found


def _position(written: str) -> Position | None:
    """Raises `BadQuery`."""
    if not written:
        return None
    try:
        values = cursors.read(written, (str, str, str, str, int, int, bool))
    except ValueError as error:
        raise BadQuery("This is not the place where a search for lines ended.", "after") from error
    repository, owner, branch, path, files, lines, complete = values
    files, lines = (min(max(count, 0), MOST) for count in (files, lines))
    return Position(repository, owner, branch, path, files, lines, complete)


MOST = 1_000_000_000

_REGEX = re.compile(r"(?<!\S)/(?P<pattern>(?:[^/\\\n]|\\.|/(?!\s|$))++)/(?!\S)")
"""A slash within the pattern needs a backslash only before a blank."""

_QUOTED = re.compile(r'"([^"]+)"')
_FILTER = re.compile(
    rf'(?<!\S)(?P<minus>-?)(?P<field>{"|".join(FIELDS)}):(?:"(?P<quoted>[^"]+)"|(?P<bare>[^\s"]\S*))(?!\S)'
)

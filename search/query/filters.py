"""Filters, as on code hosts: `repo:shop rev:dev -path:tests lang:go kind:class "an exact phrase"`.

Everything else is text: `foo:bar`, `std::vector`, `http://…`, an unbalanced quote. A query of
several lines is code, and all of it is text."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from embeddings.code import languages
from embeddings.code.words import identifiers
from embeddings.files.path_rules import PathKind
from embeddings.types import Kind

MAX_FILTERS = 20
MAX_CHARACTERS = 200
QUOTED_CHARACTERS = 50
"""Of a wrong value, in the message about it."""

MAX_WILDCARDS = 100
"""In all path filters together. For each one, Postgres takes up to half a microsecond a path."""

LIKE = 0.75
"""How similar two values must be, by difflib, for one to be meant by the other."""

_SURROGATE = re.compile(r"[\ud800-\udfff]")
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_GLOB = re.compile(r"\*\*/|\*\*+|\*|\?")
_GLOBS = {"**/": "(.*/)?", "*": "[^/]*", "?": "[^/]"}


class BadQuery(ValueError):
    """A request that cannot be searched for. The message says why, and is fit for a user;
    `parameter` is the one that is wrong."""

    def __init__(self, reason: str, parameter: str = "q") -> None:
        super().__init__(reason)
        self.parameter = parameter


class Field(StrEnum):
    """What a filter tests. All but phrases and words have a prefix and a parameter of this
    name."""

    REPOSITORY = "repo"
    REVISION = "rev"  # a branch
    PATH = "path"
    LANGUAGE = "lang"
    KIND = "kind"
    LABEL = "label"  # what a file is by its path
    AUTHOR = "author"  # of the last commit that changed a definition
    AFTER = "after"  # the date of that commit
    BEFORE = "before"
    PHRASE = "phrase"
    WORD = "word"  # only where an operator takes it (search.query.expressions)


TEXT = (Field.PHRASE, Field.WORD)
"""What is searched for, too."""

OF_CHANGES = (Field.AUTHOR, Field.AFTER, Field.BEFORE)
"""What is asked of the last commit that changed a definition."""

PARAMETERS = tuple(field for field in Field if field not in TEXT)

PREFIXES = "|".join(PARAMETERS)
"""What filters begin with, as an alternative of a regular expression."""

_FILTER = re.compile(
    rf'(?<!\S)(?P<minus>-?)(?:(?P<field>{PREFIXES}):(?:"(?P<quoted>[^"]+)"|(?P<bare>[^\s"]\S*))'
    r'|"(?P<phrase>[^"]*[^"\s][^"]*)")(?!\S)'
)

REPOSITORY = "repository"
"""Another name of the parameter `repo`."""


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition on results. Of several for the same field, all paths and all phrases must hold,
    and one of the others; none that is `excluded` may hold."""

    field: Field
    value: str
    excluded: bool = False

    @property
    def is_text(self) -> bool:
        return self.field in TEXT


@dataclass(frozen=True, slots=True)
class Extracted:
    """What a user typed, taken apart: the `text` to search for, with the words of phrases, and the
    `filters`. `quoted` is the text with the phrases in quotes, and `free` without them."""

    text: str
    filters: tuple[Filter, ...]
    quoted: str
    free: str


def extract_filters(text: str) -> Extracted:
    """Raises `BadQuery`."""
    if "\n" in text:
        return Extracted(text, (), text, text)
    extracted: list[Filter] = []

    def replacement(match: re.Match[str]) -> str:
        field = Field(match["field"] or Field.PHRASE)
        value = match["quoted"] or match["bare"] or match["phrase"]
        extracted.append(_checked(field, value.strip(), bool(match["minus"])))
        return value if _is_phrase(match) else ""

    rest = _FILTER.sub(replacement, text)
    if not extracted:
        return Extracted(text, (), text, text)
    quoted = _FILTER.sub(lambda match: match[0] if _is_phrase(match) else "", text)
    free = _FILTER.sub("", text)
    return Extracted(" ".join(rest.split()), tuple(extracted), quoted, " ".join(free.split()))


def _is_phrase(match: re.Match[str]) -> bool:
    """Whether the words of a filter are searched for, too."""
    return bool(match["phrase"] and not match["minus"])


def from_parameters(parameters: Mapping[str, Sequence[str]]) -> tuple[Filter, ...]:
    """Filters from request parameters. A value that begins with `-` excludes, except that of
    `repository`, since a name may begin so; an empty value is no filter. Raises `BadQuery`."""
    plain = [
        _checked(Field.REPOSITORY, value.strip(), False, REPOSITORY)
        for value in parameters.get(REPOSITORY, ())
        if value.strip()
    ]
    prefixed = [
        _checked(field, value.removeprefix("-"), value.startswith("-"), field)
        for field in PARAMETERS
        for value in map(str.strip, parameters.get(field, ()))
        if value.removeprefix("-")
    ]
    return (*plain, *prefixed)


def word(value: str) -> Filter:
    """Raises `BadQuery`."""
    return _checked(Field.WORD, value, False)


def in_folder(folder: str) -> tuple[Filter, ...]:
    """Keeps to a folder of a repository; no filter for the repository's root, which is empty."""
    return (Filter(Field.PATH, f"/{folder}/**"),) if folder else ()


def check_number(filters: Sequence[Filter]) -> None:
    """Raises `BadQuery` where the filters, or the wildcards in them, are too many."""
    if len(filters) > MAX_FILTERS:
        raise BadQuery(f"The query has {len(filters)} filters; at most {MAX_FILTERS} are allowed.")
    paths = (each.value for each in filters if each.field == Field.PATH)
    wildcards = sum(len(_GLOB.findall(path)) for path in paths)
    if wildcards > MAX_WILDCARDS:
        raise BadQuery(
            f"The path filters have {wildcards} wildcards; at most {MAX_WILDCARDS} are allowed."
        )


def check_characters(text: str, name: str, parameter: str) -> None:
    """Raises `BadQuery` for what Postgres cannot store: NUL, and what is not UTF-8."""
    if "\x00" in text:
        raise BadQuery(f"The {name} contains a NUL character.", parameter)
    if _SURROGATE.search(text):
        raise BadQuery(f"The {name} contains bytes that are not UTF-8.", parameter)


def unknown_value(what: str, value: str, allowed: Sequence[str], parameter: str) -> BadQuery:
    """The error for a value that is not allowed."""
    named = f"{', '.join(allowed[:-1])} or {allowed[-1]}"
    guess = did_you_mean(value, allowed)
    return BadQuery(f"Unknown {what} {quoted(value)}.{guess} Use {named}.", parameter)


def did_you_mean(value: str, allowed: Iterable[str]) -> str:
    """A sentence that names the most similar of the values that a user may see; empty if none is
    similar."""
    by_case = {each.lower(): each for each in allowed}
    close = difflib.get_close_matches(value.lower()[:QUOTED_CHARACTERS], by_case, 1, LIKE)
    return f" Did you mean {by_case[close[0]]}?" if close else ""


def quoted(value: str) -> str:
    """For a message, without the rest of a long one."""
    shown = value if len(value) <= QUOTED_CHARACTERS else f"{value[:QUOTED_CHARACTERS]}…"
    return f"“{shown}”"


def filter_values(filters: Sequence[Filter], field: Field, *, excluded: bool = False) -> list[str]:
    return [each.value for each in filters if each.field == field and each.excluded == excluded]


def path_pattern(value: str) -> str:
    """The regular expression, for Python and Postgres alike, of the paths that a filter matches:
    those that contain it or, if it has `*`, `**` or `?`, those whose last folders and name match
    this glob. A leading `/` stands for the start of a folder's or file's name; in a glob, of the
    path."""
    anchored = value.startswith("/")
    rest = value.removeprefix("/")
    if not _GLOB.search(rest):
        return ("(^|/)" if anchored else "") + re.escape(rest)
    pieces = zip(_GLOB.split(rest), [*_GLOB.findall(rest), ""], strict=True)
    body = "".join(re.escape(piece) + _glob_pattern(glob) for piece, glob in pieces)
    return ("^" if anchored else "(^|/)") + body + "$"


def phrase_pattern(value: str) -> str:
    """The regular expression, for Postgres, of texts that contain a phrase of whole words."""
    begin = r"\y" if re.match(r"\w", value, re.ASCII) else ""
    end = r"\y" if re.search(r"\w$", value, re.ASCII) else ""
    return begin + re.escape(value) + end


def phrase_words(value: str) -> tuple[str, ...]:
    """The words that every text with a phrase, or with a word, is stored by. Numbers are left to
    the pattern: an older analysis stored none."""
    return identifiers(value)


def _glob_pattern(glob: str) -> str:
    return "" if not glob else _GLOBS.get(glob, ".*")


def _checked(field: Field, value: str, excluded: bool, parameter: str = "q") -> Filter:
    check_characters(value, "filter", parameter)
    if len(value) > MAX_CHARACTERS:
        raise BadQuery(
            f"A filter has {len(value):,} characters; at most {MAX_CHARACTERS} are allowed.",
            parameter,
        )
    if field == Field.KIND:
        value = _kind(value, parameter)
    elif field == Field.LANGUAGE:
        value = known_language(value, parameter)
    elif field == Field.LABEL:
        value = _label(value, parameter)
    elif field in (Field.AFTER, Field.BEFORE):
        _check_date(value, parameter)
    return Filter(field, value, excluded)


def _kind(value: str, parameter: str) -> str:
    if value.lower() not in KINDS:
        raise unknown_value("kind", value, KINDS, parameter)
    return value.lower()


def _check_date(value: str, parameter: str) -> None:
    if not _DATE.fullmatch(value) or not _is_date(value):
        raise BadQuery(f"{quoted(value)} is not a date. Write one as 2026-01-31.", parameter)


def _is_date(value: str) -> bool:
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _label(value: str, parameter: str) -> str:
    if value.lower() not in LABELS:
        raise unknown_value("label", value, LABELS, parameter)
    return value.lower()


def known_language(value: str, parameter: str) -> str:
    """The name of a language that is given by its name or an extension of its files: `py`, `ts`.
    Raises `BadQuery`."""
    name = value.lower()
    if name in LANGUAGES:
        return name
    by_extension = languages.by_path(f"file.{name}")
    if by_extension is None:
        raise unknown_value("language", value, LANGUAGES, parameter)
    return by_extension.name


KINDS = tuple(kind.value for kind in Kind)
IMPLEMENTATION = "implementation"
LABELS = (IMPLEMENTATION, *(kind.value for kind in PathKind))
"""What a file is by its path: each of the kinds that its path says, or else an implementation."""

LANGUAGES = tuple(language.name for language in languages.FILE_TYPES)

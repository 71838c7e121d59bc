"""Filters, as code hosts have them: `repo:shop -path:tests lang:go kind:class "an exact phrase"`.

What is no filter is text: `foo:bar`, `std::vector`, `http://…`, a quote without its partner. A
query of several lines is code, and all of it is text."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from embeddings.code import languages
from embeddings.code.words import identifiers
from embeddings.types import Kind

MAX_FILTERS = 20
MAX_CHARACTERS = 200
MAX_WILDCARDS = 100
"""Of all paths together. Postgres takes up to half a microsecond for each, at every path."""

_FILTER = re.compile(
    r'(?<!\S)(?P<minus>-?)(?:(?P<field>repo|path|lang|kind):(?:"(?P<quoted>[^"]+)"|(?P<bare>[^\s"]\S*))'
    r'|"(?P<phrase>[^"]*[^"\s][^"]*)")(?!\S)'
)
_GLOB = re.compile(r"\*\*/|\*\*+|\*|\?")
_GLOBS = {"**/": "(.*/)?", "*": "[^/]*", "?": "[^/]"}


class BadQuery(ValueError):
    """Nothing can be searched with this; the message says why and is fit for a user. `parameter`
    is what it was given as."""

    def __init__(self, reason: str, parameter: str = "q") -> None:
        super().__init__(reason)
        self.parameter = parameter


class Field(StrEnum):
    """What a filter looks at. All but a phrase have a prefix and a parameter of this name."""

    REPOSITORY = "repo"
    PATH = "path"
    LANGUAGE = "lang"
    KIND = "kind"
    PHRASE = "phrase"


PARAMETERS = tuple(field for field in Field if field != Field.PHRASE)


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition on what is found. Of several on one field paths and phrases must all hold, of
    the others one; none that is `excluded` may hold."""

    field: Field
    value: str
    excluded: bool = False


def read(text: str) -> tuple[str, tuple[Filter, ...]]:
    """What a user typed → the text to search for, phrases included, and the filters. Raises
    `BadQuery`."""
    if "\n" in text:
        return text, ()
    found: list[Filter] = []

    def taken(match: re.Match[str]) -> str:
        field = Field(match["field"] or Field.PHRASE)
        value = match["quoted"] or match["bare"] or match["phrase"]
        found.append(_checked(field, value.strip(), bool(match["minus"])))
        return value if match["phrase"] and not match["minus"] else ""

    rest = _FILTER.sub(taken, text)
    return (" ".join(rest.split()), tuple(found)) if found else (text, ())


def given(parameters: Mapping[str, Sequence[str]]) -> tuple[Filter, ...]:
    """The filters that parameters are, by their names; a value that begins with `-` excludes.
    Raises `BadQuery`."""
    return tuple(
        _checked(field, value.removeprefix("-"), value.startswith("-"), parameter=field)
        for field in PARAMETERS
        for value in parameters.get(field, ())
        if value.removeprefix("-")
    )


def under(folder: str) -> tuple[Filter, ...]:
    """What keeps to a folder of a repository: nothing, if that is all of it."""
    return (Filter(Field.PATH, f"/{folder}/**"),) if folder else ()


def few_enough(filters: Sequence[Filter]) -> Sequence[Filter]:
    """The filters, unless they, or the wildcards in them, are too many. Raises `BadQuery`."""
    if len(filters) > MAX_FILTERS:
        raise BadQuery(f"The query has {len(filters)} filters; {MAX_FILTERS} are allowed.")
    paths = (one.value for one in filters if one.field == Field.PATH)
    wildcards = sum(len(_GLOB.findall(path)) for path in paths)
    if wildcards > MAX_WILDCARDS:
        raise BadQuery(
            f"The query's paths have {wildcards} wildcards; {MAX_WILDCARDS} are allowed."
        )
    return filters


def values(filters: Sequence[Filter], field: Field, *, excluded: bool = False) -> list[str]:
    return [one.value for one in filters if one.field == field and one.excluded == excluded]


def path_pattern(value: str) -> str:
    """The regular expression, for Python and Postgres alike, of paths that a filter means: of those
    that hold it or, with `*`, `**` or `?` in it, of those whose last folders and name it describes.
    At its beginning `/` stands for the beginning of a folder or name; in a glob, of the path."""
    anchored = value.startswith("/")
    rest = value.removeprefix("/")
    if not _GLOB.search(rest):
        return ("(^|/)" if anchored else "") + re.escape(rest)
    pieces = zip(_GLOB.split(rest), [*_GLOB.findall(rest), ""], strict=True)
    body = "".join(re.escape(piece) + _translated(glob) for piece, glob in pieces)
    return ("^" if anchored else "(^|/)") + body + "$"


def phrase_pattern(value: str) -> str:
    """The regular expression, for Postgres, of texts that hold a phrase of whole words."""
    begin = r"\y" if re.match(r"\w", value, re.ASCII) else ""
    end = r"\y" if re.search(r"\w$", value, re.ASCII) else ""
    return begin + re.escape(value) + end


def phrase_words(value: str) -> tuple[str, ...]:
    """The words that every text with a phrase is stored by. Numbers are left to the pattern: an
    older analysis stored none."""
    return identifiers(value)


def _translated(glob: str) -> str:
    return "" if not glob else _GLOBS.get(glob, ".*")


def _checked(field: Field, value: str, excluded: bool, parameter: str = "q") -> Filter:
    if len(value) > MAX_CHARACTERS:
        reason = f"A filter has {len(value):,} characters; {MAX_CHARACTERS} are allowed."
        raise BadQuery(reason, parameter)
    check = _CHECKS.get(field)
    known = check(value.lower()) if check else value
    if not known:
        allowed = {Field.KIND: _KINDS, Field.LANGUAGE: _LANGUAGES}[field]
        named = f"{', '.join(allowed[:-1])} or {allowed[-1]}"
        raise BadQuery(f"There is no {field}:{value}. Allowed are {named}.", parameter)
    return Filter(field, known, excluded)


def _kind(value: str) -> str:
    return value if value in _KINDS else ""


def _language(value: str) -> str:
    """By its name, or by an extension of its files: `py`, `ts`."""
    by_extension = languages.by_path(f"file.{value}")
    return value if value in _LANGUAGES else by_extension.name if by_extension else ""


_KINDS = tuple(kind.value for kind in Kind)
_LANGUAGES = tuple(language.name for language in languages.LANGUAGES)
_CHECKS: dict[Field, Callable[[str], str]] = {Field.KIND: _kind, Field.LANGUAGE: _language}

"""What a query may become while it is typed: its last word is completed to names of definitions,
files and repositories, or to a value of the filter that it is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import zip_longest
from pathlib import PurePosixPath

from django.contrib.auth.models import AnonymousUser, User

from codeindex.models import Repository
from embeddings.types import Kind
from search.candidates import branches, sql
from search.candidates.branches import HEAD
from search.candidates.scopes import GATE, Scope, scope_for
from search.query.filters import (
    KINDS,
    LABELS,
    LANGUAGES,
    PREFIXES,
    Field,
    check_characters,
    path_pattern,
)

MOST = 8
"""Suggestions for a query."""

SHORTEST, LONGEST = 2, 100
"""Characters of a word that is completed."""

SECONDS = 0.5
"""Time limit of the statements: whoever types does not wait."""

MAX_FILES = 1_000
"""Files whose paths fit, of which the shortest ones are proposed."""

STEM = 3
"""Letters of a word that its stem has, too: the words of file names are stored as stems."""

UNNAMED = (Kind.BLOCK, Kind.CELL, Kind.FILE, Kind.MODULE, Kind.SECTION)
"""What has no name that is written in code."""

_LAST = re.compile(rf'(?:^|(?<=[\s(]))(?P<minus>-?)(?P<field>(?:{PREFIXES}):|)(?P<value>[^\s"(]*)$')


class Suggested(StrEnum):
    """What a suggestion is."""

    NAME = "name"
    FILE = "file"
    REPOSITORY = "repository"
    BRANCH = "branch"
    LANGUAGE = "language"
    KIND = "kind"
    LABEL = "label"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """`query` is what the whole query becomes."""

    kind: Suggested
    text: str
    query: str


def suggestions(user: User | AnonymousUser, typed: str) -> list[Suggestion]:
    """At most MOST suggestions, of what `user` may see; none if they cannot be found in time.
    Raises `BadQuery`."""
    check_characters(typed, "query", "q")
    last = _LAST.search(typed)
    if last is None or len(last["value"]) > LONGEST:
        return []
    before, value = typed[: last.start()], last["value"].lower()
    try:
        with sql.time_limit(SECONDS):
            if not last["field"]:
                return _of_word(user, before, value) if len(value) >= SHORTEST else []
            field = Field(last["field"].removesuffix(":"))
            return _of_filter(user, field, value, f"{before}{last['minus']}{field.value}:")
    except sql.SearchTimeout:
        return []


def _of_word(user: User | AnonymousUser, before: str, value: str) -> list[Suggestion]:
    """Of a word that is no filter: some of each kind. Among other words it names no file."""
    scope = scope_for(user)
    named = [Suggestion(Suggested.NAME, name, before + name) for name in _names(scope, value, MOST)]
    paths = _paths(scope, value) if not before.strip() else []
    file_names = dict.fromkeys(PurePosixPath(path).name for path in paths)
    files = [Suggestion(Suggested.FILE, name, before + name) for name in file_names]
    repositories = [
        Suggestion(Suggested.REPOSITORY, name, f"{before}repo:{name} ")
        for name in _repositories(user, value)
    ]
    of_each = zip_longest(named, files, repositories)
    first = [each for suggested in of_each for each in suggested if each][:MOST]
    return sorted(first, key=lambda each: [*Suggested].index(each.kind))


def _of_filter(
    user: User | AnonymousUser, field: Field, value: str, before: str
) -> list[Suggestion]:
    match field:
        case Field.REPOSITORY:
            kind, values = Suggested.REPOSITORY, _repositories(user, value)
        case Field.REVISION:
            kind, values = Suggested.BRANCH, _beginning(_revisions(user), value)
        case Field.PATH:
            kind, values = Suggested.FILE, _paths(scope_for(user), value)
        case Field.LANGUAGE:
            kind, values = Suggested.LANGUAGE, _beginning(LANGUAGES, value)
        case Field.LABEL:
            kind, values = Suggested.LABEL, _beginning(LABELS, value)
        case Field.AUTHOR | Field.AFTER | Field.BEFORE:
            return []
        case _:
            kind, values = Suggested.KIND, _beginning(KINDS, value)
    return [
        Suggestion(kind, each, f'{before}"{each}" ' if " " in each else f"{before}{each} ")
        for each in values
    ]


def _names(scope: Scope, beginning: str, most: int) -> list[str]:
    """Names of definitions, in the order of their letters. An index has this order, in which each
    step skips the further definitions of the same name."""
    found = sql.rows(
        "WITH RECURSIVE named (folded, name, number) AS ("
        f"SELECT *, 1 FROM ({_next_name()}) AS first"
        " UNION ALL SELECT next.*, named.number + 1 FROM named"
        f" CROSS JOIN LATERAL ({_next_name('named.folded')}) AS next"
        f" WHERE named.number < {most}) SELECT name FROM named",
        {**scope.parameters, "pattern": f"{_like(beginning)}%", "unnamed": list(UNNAMED)},
    )
    return [name for (name,) in found]


def _next_name(after: str = "") -> str:
    """The statement for the first name that begins so; or for the first one after a name."""
    folded = 'lower(definition.name) COLLATE "C"'
    further = f" AND {folded} > {after}" if after else ""
    return (
        f"SELECT {folded} AS folded, definition.name FROM codeindex_definition AS definition"
        f" WHERE {folded} LIKE %(pattern)s{further} AND definition.kind <> ALL(%(unnamed)s)"
        " AND EXISTS (SELECT FROM codeindex_sourcefile AS file"
        f" WHERE file.blob_id = definition.blob_id AND {GATE}) ORDER BY 1 LIMIT 1"
    )


def _paths(scope: Scope, value: str) -> list[str]:
    """Paths that contain the value, the shortest first."""
    words = re.findall(r"\w+", value.rpartition("/")[2])
    if not words:
        return []
    found = sql.rows(
        "SELECT path FROM (SELECT file.path FROM codeindex_sourcefile AS file"
        " WHERE file.name_words @@ %(words)s::tsquery AND file.path ~* %(path)s"
        f" AND {GATE} LIMIT {MAX_FILES}) AS files"
        f" GROUP BY path ORDER BY length(path), path LIMIT {MOST}",
        {
            **scope.parameters,
            "words": f"'{words[-1][:STEM]}':*",
            "path": path_pattern(value),
        },
    )
    return [path for (path,) in found]


def _repositories(user: User | AnonymousUser, value: str) -> list[str]:
    """As they are named in a filter: with their owner, if the value has one."""
    owner, _, name = value.rpartition("/")
    visible = Repository.objects.visible_to(user).filter(branches__live_run__isnull=False)
    if owner:
        visible = visible.filter(owner__username__iexact=owner)
    found = visible.filter(name__icontains=name).order_by("name", "owner__username").distinct()
    rows = found.values_list("owner__username", "name")[: 2 * MOST]
    written = [f"{own}/{called}" if owner else called for own, called in rows]
    return list(dict.fromkeys(written))[:MOST]


def _revisions(user: User | AnonymousUser) -> list[str]:
    searchable = branches.choice(user).searchable
    return sorted({HEAD, *(branch.revision for branch in searchable if branch.revision)})


def _beginning(values: Sequence[str], beginning: str) -> list[str]:
    return [value for value in values if value.lower().startswith(beginning)][:MOST]


def _like(text: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", text)

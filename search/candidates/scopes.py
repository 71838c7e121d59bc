"""What a search may find: definitions in the live files that its user may see and that its filters
keep, as a condition of SQL that stands in every statement that looks for some."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Subquery, Sum, Value

from codeindex.models import Branch, Repository
from search.candidates import sql
from search.query import filters, lexemes
from search.query.filters import Field, Filter, values
from search.query.lexemes import Corpus

EXACT_UP_TO = 20_000
"""Texts. Where no more can be found, all their vectors are compared (about 3 µs each); above, the
HNSW index is faster, and it finds enough, since the scope keeps many of its rows. Measured at
350,000 texts: both take the same time when 19,000 of them are kept."""

SPARSE = 10
"""Up to one in so many of the visible texts are compared, too, but no more than twice EXACT_UP_TO:
so many rows of an index would be passed over for them that it takes about as long, and finds less.
How many texts are hidden does not count, since an answer says whether all were compared."""

NAMED_FILES = 1_000
"""Files. Where paths are filtered and no more files are kept, these are named instead: else a
search looks at the path of every definition, in each of its statements, for want of candidates."""

ROWS = """
codeindex_definition AS definition
JOIN codeindex_sourcefile AS file ON file.blob_id = definition.blob_id
LEFT JOIN codeindex_text AS kept_text ON kept_text.id = definition.text_id
"""
"""Definitions where they lie, and what an encoder reads of them: a left join, which Postgres leaves
out where nothing is asked of that."""

GATE = "file.live AND file.branch_id = ANY(%(branches)s)"


class Searched(NamedTuple):
    """A branch that can be searched: how many texts its live run has, and when it was finished, if
    it is; and how many texts all live runs have."""

    repository: int
    branch: int
    name: str
    texts: int
    finished: datetime | None
    of_all: int


class UnknownRepository(LookupError):
    """No repository of this name, for this user."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a search may find: the rows of ROWS of which `condition` holds, with the parameters
    that it is `given`; `texts` at most, of those of the `visible` corpus, which the filters leave
    alone, and of `of_all` that there are. `is_whole`: no filter but repositories' keeps anything
    out. `unfinished` names the repositories whose meaning is still being computed."""

    condition: str
    given: Mapping[str, object]
    texts: int
    visible: Corpus
    of_all: int
    is_whole: bool
    unfinished: Sequence[str] = ()

    @property
    def few(self) -> int:
        """Up to so many texts looking at each is fastest."""
        return min(max(EXACT_UP_TO, self.visible.texts // SPARSE), 2 * EXACT_UP_TO)

    @property
    def is_small(self) -> bool:
        return self.texts <= self.few

    @property
    def is_of_all(self) -> bool:
        """Whether nothing is hidden from the user."""
        return self.visible.texts == self.of_all

    def holds(self, text: str) -> str:
        """The condition that a definition may be found which has the text that an expression
        says: the gate of every statement."""
        return f"EXISTS ({self.first(text)})"

    def first(self, text: str) -> str:
        """Selects an empty row if so."""
        return f"SELECT FROM {ROWS} WHERE definition.text_id = {text} AND {self.condition} LIMIT 1"

    def without(self, text: int) -> Scope:
        """All but the definitions of a text."""
        return replace(
            self,
            condition=f"{self.condition} AND definition.text_id <> %(left_out)s",
            given={**self.given, "left_out": text},
        )


def of(user: User | AnonymousUser, kept_to: Sequence[Filter] = ()) -> Scope:
    """What `user` may find under the filters. Raises `UnknownRepository`, for a hidden one too."""
    is_kept = _of_repositories(user, kept_to)
    found = sql.rows(*_branches(user.pk, user.is_authenticated, user.is_superuser))
    searched = [Searched(*row) for row in found]
    corpus = Corpus(sql.array(one.branch for one in searched), sum(one.texts for one in searched))
    branches = [one for one in searched if is_kept(one.repository)]
    visible = {"branches": sql.array(one.branch for one in branches)}
    in_files, files = _in_files(kept_to, visible)
    condition, given = _kept(kept_to, corpus)
    scope = Scope(
        f"{GATE}{in_files}{condition}",
        {**visible, **files, **given},
        sum(one.texts for one in branches),
        corpus,
        max((one.of_all for one in branches), default=0),
        all(one.field == Field.REPOSITORY for one in kept_to),
        sorted({one.name for one in branches if one.finished is None}),
    )
    return scope if scope.is_whole or scope.is_small else _counted(scope)


@lru_cache(1 << 12)
def _branches(
    user: int | None, is_authenticated: bool, is_superuser: bool
) -> tuple[str, Sequence[object]]:
    """The statement for what can be searched and a user may see, and its parameters, by all that
    the gate asks of a user. It is kept, since the ORM takes several times as long to put it
    together as Postgres to answer it."""
    known = User(pk=user, is_superuser=is_superuser)
    visible = Repository.objects.visible_to(known if is_authenticated else AnonymousUser())
    live = Branch.objects.filter(live_run__isnull=False)
    of_all = live.values(one=Value(1)).annotate(texts=Sum("live_run__texts")).values("texts")
    columns = ("repository", "pk", "repository__name", "live_run__texts", "live_run__finished")
    searched = live.filter(repository__in=visible).values_list(*columns, Subquery(of_all))
    statement, given = searched.query.sql_with_params()
    return statement, given


def _of_repositories(
    user: User | AnonymousUser, kept_to: Sequence[Filter]
) -> Callable[[int], bool]:
    """Whether the filters keep a repository, by its id."""
    named = {one: _called(user, one.value) for one in kept_to if one.field == Field.REPOSITORY}
    wanted = [found for one, found in named.items() if not one.excluded]
    unwanted = [found for one, found in named.items() if one.excluded]

    def is_kept(repository: int) -> bool:
        is_wanted = not wanted or any(repository in found for found in wanted)
        return is_wanted and not any(repository in found for found in unwanted)

    return is_kept


def _called(user: User | AnonymousUser, name: str) -> set[int]:
    found = Repository.objects.visible_to(user).called(name).values_list("pk", flat=True)
    if not found:
        raise UnknownRepository(f"There is no repository {name}.")
    return set(found)


def _in_files(
    kept_to: Sequence[Filter], visible: Mapping[str, object]
) -> tuple[str, dict[str, object]]:
    """What filters ask of the files in ROWS, and the parameters of that."""
    paths = [one for one in kept_to if one.field == Field.PATH]
    if not paths:
        return "", {}
    met = "".join(
        f" AND {'NOT ' if one.excluded else ''}(file.path ~* %(path_{number})s)"
        for number, one in enumerate(paths)
    )
    given: dict[str, object] = {
        f"path_{number}": filters.path_pattern(one.value) for number, one in enumerate(paths)
    }
    some = f"SELECT file.id FROM codeindex_sourcefile AS file WHERE {GATE}{met}"
    ((count, files),) = sql.rows(
        "SELECT count(*), coalesce(array_agg(id), '{}')::text"
        f" FROM ({some} LIMIT {NAMED_FILES + 1}) AS kept",
        {**visible, **given},
    )
    if count > NAMED_FILES:
        return met, given
    return " AND file.id = ANY(%(files)s::bigint[])", {"files": files}


def _kept(kept_to: Sequence[Filter], corpus: Corpus) -> tuple[str, dict[str, object]]:
    """What filters ask of definitions and their texts, and the parameters of that."""
    conditions: list[str] = []
    given: dict[str, object] = {}

    def ask(condition: str, value: object, *, excluded: bool = False) -> None:
        name = f"kept_{len(given)}"
        asked = condition.format(f"%({name})s")
        conditions.append(f" AND NOT ({asked})" if excluded else f" AND {asked}")
        given[name] = value

    for excluded in (False, True):
        if languages := values(kept_to, Field.LANGUAGE, excluded=excluded):
            ask("kept_text.language = ANY({})", languages, excluded=excluded)
        if kinds := values(kept_to, Field.KIND, excluded=excluded):
            ask("definition.kind = ANY({})", kinds, excluded=excluded)
        for phrase in values(kept_to, Field.PHRASE, excluded=excluded):
            # Its words first, which an index knows, unless all of them are stop words.
            words = () if excluded else lexemes.of(filters.phrase_words(phrase), corpus)
            if words:
                ask("kept_text.words @@ {}::tsquery", lexemes.all_of(words))
            ask("kept_text.body ~* {}", filters.phrase_pattern(phrase), excluded=excluded)
    return "".join(conditions), given


def _counted(scope: Scope) -> Scope:
    """The same with how many definitions the filters keep, counted no further than matters: where
    they are too many to look at each, that many texts are taken to be kept as there are."""
    kept = f"SELECT FROM {ROWS} WHERE {scope.condition} LIMIT {scope.few + 1}"
    ((count,),) = sql.rows(f"SELECT count(*) FROM ({kept}) AS kept", scope.given)
    counted = replace(scope, texts=count)
    return counted if counted.is_small else scope

"""What a search may find: definitions in live files that its user may see and that its filters
keep. This is one SQL condition, which stands in every statement that looks for definitions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Subquery, Sum, Value

from codeindex.models import Branch, Repository
from search.candidates import sql
from search.candidates.conditions import Conditions
from search.query.expressions import Expression, holds, leaves
from search.query.filters import Field, Filter, did_you_mean, filter_values
from search.query.lexemes import Corpus

SPARSE = 10
"""A scope with at most one in SPARSE of the visible texts is compared exactly, too, up to twice
CODEINDEX_EXACT_TEXTS: the HNSW index would skip so many rows for it that it takes about as long
and finds less. Hidden texts do not count, since an answer says whether it is exact."""

MAX_GUESSES = 1_000
"""Repositories among which a similar name is looked for."""

MAX_NAMED_FILES = 1_000
"""If path filters keep no more files than this, the statements name these files. Otherwise each
statement of a search that finds little would match the path of every definition."""

ROWS = """
codeindex_definition AS definition
JOIN codeindex_sourcefile AS file ON file.blob_id = definition.blob_id
LEFT JOIN codeindex_text AS kept_text ON kept_text.id = definition.text_id
"""
"""Definitions in their files, with their texts. Postgres omits the left join where no condition
reads the text."""

GATE = "file.live AND file.branch_id = ANY(%(branches)s)"


class SearchableBranch(NamedTuple):
    """A branch with a live run: how many texts that has, and when it was finished, if it is; and
    how many texts all live runs have together."""

    repository: int
    branch: int
    name: str
    texts: int
    finished: datetime | None
    all_texts: int


class UnknownRepository(LookupError):
    """No repository has this name, or none that this user may see. The message is fit for a
    user."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a search may find: the rows of ROWS that meet `condition`, with its `parameters`;
    `file_condition` is the part of it that is about files.

    `texts` is an upper bound of their texts. `visible` is the corpus that the user may see,
    whatever the filters, and `all_texts` is the size of the whole index. `unfinished` names the
    repositories whose vectors are incomplete."""

    condition: str
    file_condition: str
    parameters: Mapping[str, object]
    texts: int
    visible: Corpus
    all_texts: int
    has_only_repository_filters: bool
    unfinished: Sequence[str] = ()

    @property
    def exact_limit(self) -> int:
        """The largest number of texts that are compared exactly."""
        always = settings.CODEINDEX_EXACT_TEXTS
        return min(max(always, self.visible.texts // SPARSE), 2 * always)

    @property
    def is_small(self) -> bool:
        return self.texts <= self.exact_limit

    @property
    def sees_everything(self) -> bool:
        """Whether nothing is hidden from the user."""
        return self.visible.texts == self.all_texts

    def has_texts(self) -> bool:
        statement = f"SELECT EXISTS (SELECT FROM {ROWS} WHERE {self.condition})"
        ((has_texts,),) = sql.rows(statement, self.parameters)
        return bool(has_texts)

    def is_visible(self, text: str) -> str:
        """The condition that the scope holds a definition of a text, whose id is given as an SQL
        expression. This is the gate of every statement."""
        return f"EXISTS ({self.visible_row(text)})"

    def visible_row(self, text: str) -> str:
        """Selects one empty row if that holds."""
        return f"SELECT FROM {ROWS} WHERE definition.text_id = {text} AND {self.condition} LIMIT 1"

    def without_text(self, text: int) -> Scope:
        return replace(
            self,
            condition=f"{self.condition} AND definition.text_id <> %(left_out)s",
            parameters={**self.parameters, "left_out": text},
        )


def scope_for(
    user: User | AnonymousUser,
    filters: Sequence[Filter] = (),
    expressions: Sequence[Expression] = (),
) -> Scope:
    """What `user` may find under the filters, where the expressions hold. Raises
    `UnknownRepository`, for a hidden one too."""
    named = {leaf.value: repository_ids(user, leaf.value) for leaf in _named(filters, expressions)}
    is_kept = _repository_test(named, filters, expressions)
    statement, parameters = _branches_statement(user.pk, user.is_authenticated, user.is_superuser)
    searchable = [SearchableBranch(*row) for row in sql.rows(statement, parameters)]
    corpus = Corpus(
        sql.array_literal(branch.branch for branch in searchable),
        sum(branch.texts for branch in searchable),
    )
    branches = [branch for branch in searchable if is_kept(branch.repository)]

    def branches_of(name: str) -> str:
        return sql.array_literal(each.branch for each in branches if each.repository in named[name])

    gate = {"branches": sql.array_literal(branch.branch for branch in branches)}
    conditions = Conditions(corpus, branches_of)
    others = [each for each in expressions if not _is_of_repositories(each)]
    file_condition = _file_condition(filters, others, conditions, gate)
    own = conditions.of_definitions(filters) + "".join(map(conditions.that, others))
    scope = Scope(
        condition=f"{GATE}{file_condition}{own}",
        file_condition=f"{GATE}{file_condition}",
        parameters={**gate, **conditions.parameters},
        texts=sum(branch.texts for branch in branches),
        visible=corpus,
        all_texts=max((branch.all_texts for branch in branches), default=0),
        has_only_repository_filters=not others
        and all(each.field == Field.REPOSITORY for each in filters),
        unfinished=sorted({branch.name for branch in branches if branch.finished is None}),
    )
    if scope.has_only_repository_filters or scope.is_small:
        return scope
    return _with_counted_texts(scope)


@lru_cache(1 << 12)
def _branches_statement(
    user: int | None, is_authenticated: bool, is_superuser: bool
) -> tuple[str, Sequence[object]]:
    """The statement for the searchable branches that a user may see, and its parameters, by all
    that the gate asks of a user. Cached, since the ORM takes several times as long to compose it as
    Postgres to answer it."""
    known = User(pk=user, is_superuser=is_superuser)
    visible = Repository.objects.visible_to(known if is_authenticated else AnonymousUser())
    live = Branch.objects.filter(live_run__isnull=False)
    all_texts = live.values(one=Value(1)).annotate(texts=Sum("live_run__texts")).values("texts")
    columns = ("repository", "pk", "repository__name", "live_run__texts", "live_run__finished")
    searchable = live.filter(repository__in=visible).values_list(*columns, Subquery(all_texts))
    statement, parameters = searchable.query.sql_with_params()
    return statement, parameters


def _named(filters: Sequence[Filter], expressions: Sequence[Expression]) -> list[Filter]:
    """The filters that name repositories."""
    in_expressions = [leaf for each in expressions for leaf, _ in leaves(each)]
    return [each for each in (*filters, *in_expressions) if each.field == Field.REPOSITORY]


def _is_of_repositories(expression: Expression) -> bool:
    """Whether a repository alone decides if an expression holds."""
    return all(leaf.field == Field.REPOSITORY for leaf, _ in leaves(expression))


def _repository_test(
    named: Mapping[str, set[int]], filters: Sequence[Filter], expressions: Sequence[Expression]
) -> Callable[[int], bool]:
    """Whether the filters keep a repository, by its id, and the expressions may hold in it."""
    included = [named[name] for name in filter_values(filters, Field.REPOSITORY)]
    excluded = [named[name] for name in filter_values(filters, Field.REPOSITORY, excluded=True)]

    def is_kept(repository: int) -> bool:
        def is_named(leaf: Filter) -> bool | None:
            return repository in named[leaf.value] if leaf.field == Field.REPOSITORY else None

        is_included = not included or any(repository in ids for ids in included)
        is_excluded = any(repository in ids for ids in excluded)
        may_hold = all(holds(each, is_named) is not False for each in expressions)
        return is_included and not is_excluded and may_hold

    return is_kept


def repository_ids(user: User | AnonymousUser, name: str) -> set[int]:
    """The visible repositories that have a name, or the one that `owner/name` names. Raises
    `UnknownRepository`, for a hidden one too."""
    ids = Repository.objects.visible_to(user).called(name).values_list("pk", flat=True)
    if not ids:
        raise unknown_repository(user, name)
    return set(ids)


def unknown_repository(user: User | AnonymousUser, name: str) -> UnknownRepository:
    """The error for a name that no repository has, or none that `user` may see, with a similar name
    that they may see."""
    visible = Repository.objects.visible_to(user).values_list("name", flat=True)
    guess = did_you_mean(name, visible.order_by("name")[:MAX_GUESSES])
    return UnknownRepository(f"There is no repository {name}.{guess}")


def _file_condition(
    filters: Sequence[Filter],
    expressions: Sequence[Expression],
    conditions: Conditions,
    gate: Mapping[str, object],
) -> str:
    """What filters and expressions ask of the files in ROWS."""
    condition = conditions.of_files(filters) + "".join(map(conditions.that_files_may, expressions))
    if not condition:
        return ""
    matching = f"SELECT file.id FROM codeindex_sourcefile AS file WHERE {GATE}{condition}"
    ((count, files),) = sql.rows(
        "SELECT count(*), coalesce(array_agg(id), '{}')::text"
        f" FROM ({matching} LIMIT {MAX_NAMED_FILES + 1}) AS kept",
        {**gate, **conditions.parameters},
    )
    if count > MAX_NAMED_FILES:
        return condition
    return f" AND file.id = ANY({conditions.placeholder(files)}::bigint[])"


def _with_counted_texts(scope: Scope) -> Scope:
    """The scope with the number of definitions that its filters keep, counted no further than it
    matters: if there are too many to compare each, the upper bound stays."""
    kept = f"SELECT FROM {ROWS} WHERE {scope.condition} LIMIT {scope.exact_limit + 1}"
    ((count,),) = sql.rows(f"SELECT count(*) FROM ({kept}) AS kept", scope.parameters)
    counted = replace(scope, texts=count)
    return counted if counted.is_small else scope

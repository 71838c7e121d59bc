"""The branches that a search looks into: of what its user may see, those that filters keep.

A search without a filter for branches looks into the first branch of each repository that is
indexed, so that code which is the same in all branches, or nearly, is found once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Subquery, Sum, Value

from codeindex.models import Branch, Repository
from search.candidates import sql
from search.query.expressions import Expression, holds, leaves
from search.query.filters import Field, Filter, did_you_mean

HEAD = "HEAD"
"""Stands for a repository's first branch."""

FIELDS = (Field.REPOSITORY, Field.REVISION)
"""What decides about branches."""

MAX_GUESSES = 1_000
"""Repositories among which a similar name is looked for."""


class SearchableBranch(NamedTuple):
    """A branch with a live run: its repository and name; how many texts that run has, and when it
    was finished, if it is; and how many texts all live runs have together."""

    repository: int
    branch: int
    name: str
    revision: str
    texts: int
    finished: datetime | None
    all_texts: int


class UnknownRepository(LookupError):
    """No repository has this name, or an indexed branch of this name, or none that this user may
    see. The message is fit for a user."""


class Named(NamedTuple):
    """What a filter for repositories names: their ids, and a revision of them, or none."""

    repositories: set[int]
    revision: str


@dataclass(frozen=True, slots=True)
class Choice:
    """Decides which of the `searchable` branches are kept. `named` is what filters for repositories
    name, by their values, and `first` are the first branches of repositories."""

    searchable: Sequence[SearchableBranch]
    named: Mapping[str, Named]
    first: frozenset[int]

    def kept(
        self, filters: Sequence[Filter], expressions: Sequence[Expression]
    ) -> list[SearchableBranch]:
        """Those that all filters keep, and in which all expressions may hold."""
        naming = [leaf for leaf in _leaves(filters, expressions) if self.names_branches(leaf)]
        all_branches = any(leaf.field == Field.REVISION for leaf in naming)
        of_each_field = [[each for each in filters if each.field == field] for field in FIELDS]

        def is_kept(branch: SearchableBranch) -> bool:
            def is_of(leaf: Filter) -> bool | None:
                return self._is_of(branch, leaf)

            is_searched = all_branches or branch.branch in self.first or any(map(is_of, naming))
            return (
                is_searched
                and all(_passes(own, is_of) for own in of_each_field)
                and all(holds(each, is_of) is not False for each in expressions)
            )

        return list(filter(is_kept, self.searchable))

    def names_branches(self, leaf: Filter) -> bool:
        """Whether a filter tells branches of a repository apart."""
        return leaf.field == Field.REVISION or (
            leaf.field == Field.REPOSITORY and bool(self.named[leaf.value].revision)
        )

    def ids(self, leaf: Filter) -> str:
        """The branches that a filter names, as a Postgres array literal."""
        return sql.array_literal(each.branch for each in self.searchable if self._is_of(each, leaf))

    def _is_of(self, branch: SearchableBranch, leaf: Filter) -> bool | None:
        """None for a filter that does not decide about branches."""
        match leaf.field:
            case Field.REPOSITORY:
                repositories, revision = self.named[leaf.value]
                is_revision = not revision or self._is_revision(branch, revision)
                return branch.repository in repositories and is_revision
            case Field.REVISION:
                return self._is_revision(branch, leaf.value)
        return None

    def _is_revision(self, branch: SearchableBranch, revision: str) -> bool:
        if revision == HEAD:
            return branch.branch in self.first
        return bool(_revision_pattern(revision).fullmatch(branch.revision))


def _passes(filters: Sequence[Filter], is_of: Callable[[Filter], bool | None]) -> bool:
    """Whether one of the filters for a field holds, if any includes, and none that excludes."""
    included = [is_of(each) for each in filters if not each.excluded]
    return (not included or any(included)) and not any(
        is_of(each) for each in filters if each.excluded
    )


def choice(
    user: User | AnonymousUser,
    filters: Sequence[Filter] = (),
    expressions: Sequence[Expression] = (),
) -> Choice:
    """Raises `UnknownRepository`, for a hidden one too."""
    statement, parameters = _statement(user.pk, user.is_authenticated, user.is_superuser)
    searchable = [SearchableBranch(*row) for row in sql.current_rows(statement, parameters)]
    first: dict[int, int] = {}
    for each in searchable:
        first[each.repository] = min(each.branch, first.get(each.repository, each.branch))
    asked = list(_leaves(filters, expressions))
    named = {
        leaf.value: _named(user, leaf.value) for leaf in asked if leaf.field == Field.REPOSITORY
    }
    made = Choice(searchable, named, frozenset(first.values()))
    for leaf in asked:
        if made.names_branches(leaf) and made.ids(leaf) == sql.array_literal([]):
            revision = leaf.value.partition("@")[2] or leaf.value
            guess = did_you_mean(revision, {each.revision for each in searchable})
            raise UnknownRepository(f"There is no indexed branch {revision}.{guess}")
    return made


def _named(user: User | AnonymousUser, value: str) -> Named:
    """Of `NAME`, `OWNER/NAME`, or either with `@BRANCH`. Raises `UnknownRepository`."""
    name, _, revision = value.partition("@")
    if revision and not Repository.objects.visible_to(user).called(value).exists():
        return Named(repository_ids(user, name), revision)
    return Named(repository_ids(user, value), "")


def are_decisive(expression: Expression) -> bool:
    """Whether a branch alone decides if an expression holds."""
    return all(leaf.field in FIELDS for leaf, _ in leaves(expression))


def _leaves(filters: Iterable[Filter], expressions: Iterable[Expression]) -> list[Filter]:
    return [*filters, *(leaf for each in expressions for leaf, _ in leaves(each))]


@lru_cache(1 << 12)
def _statement(
    user: int | None, is_authenticated: bool, is_superuser: bool
) -> tuple[str, Sequence[object]]:
    """The statement for the searchable branches that a user may see, and its parameters, by all
    that the gate asks of a user. Cached, since the ORM takes several times as long to compose it as
    Postgres to answer it."""
    known = User(pk=user, is_superuser=is_superuser)
    visible = Repository.objects.visible_to(known if is_authenticated else AnonymousUser())
    live = Branch.objects.filter(live_run__isnull=False)
    all_texts = live.values(one=Value(1)).annotate(texts=Sum("live_run__texts")).values("texts")
    columns = (
        "repository", "pk", "repository__name", "name", "live_run__texts", "live_run__finished"
    )  # fmt: skip
    searchable = live.filter(repository__in=visible).values_list(*columns, Subquery(all_texts))
    statement, parameters = searchable.query.sql_with_params()
    return statement, parameters


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


@lru_cache(1 << 10)
def _revision_pattern(value: str) -> re.Pattern[str]:
    """Of the names that a filter means; `*` stands for anything."""
    return re.compile(".*".join(map(re.escape, re.split(r"\*+", value))))

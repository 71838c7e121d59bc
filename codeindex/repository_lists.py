"""Lists of repositories: what is asked of one, and the state that each row is in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce, Concat, Lower

from codeindex.models import (
    UNPUBLISHED,
    Branch,
    Import,
    IndexRun,
    Repository,
    RepositoryQuerySet,
    RunStatus,
)

LONGEST_NAME = 300
"""Characters of a name that is looked for."""


class State(models.TextChoices):
    """The first one that holds, so that a repository is in one state."""

    PAUSED = "paused", "its runs wait until it is resumed"
    INDEXING = "indexing", "a run is waiting or in progress"
    FAILED = "failed", "the latest run of a branch failed"
    BEHIND = "behind", "the host has a newer commit than the one that is searched"
    SEARCHABLE = "searchable", "searchable"
    UNINDEXED = "unindexed", "not indexed"


class Order(models.TextChoices):
    """What a list can be ordered by, with the column's heading."""

    NAME = "name", "Name"
    STATE = "state", "State"
    BRANCH = "branch", "Branch"
    INDEXED = "indexed", "Indexed"
    DEFINITIONS = "definitions", "Definitions"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which repositories a list has: those whose `owner/name` contains `name`, whatever the case,
    and that have each of the others that is given."""

    name: str = ""
    state: str = ""
    visibility: str = ""
    source: Import | None = None


def matching(rows: RepositoryQuerySet, wanted: Wanted) -> RepositoryQuerySet:
    """Those of the rows, which a reader may see, that are wanted."""
    if wanted.name:
        rows = rows.called_like(wanted.name)
    if wanted.state:
        rows = rows.alias(current=_state()).filter(current=wanted.state)
    if wanted.visibility:
        rows = rows.filter(visibility=wanted.visibility)
    if wanted.source:
        rows = rows.filter(imported__source=wanted.source)
    return rows


def ordered(rows: RepositoryQuerySet, by: Order, *, descending: bool = False) -> RepositoryQuerySet:
    """The rows in that order, and by their names where it is the same. What has no value of it
    comes last."""
    value = {
        Order.NAME: Lower(Concat("owner__username", Value("/"), "name")),
        Order.STATE: _place_of_state(),
        Order.BRANCH: Lower(_of_branches("name", Lower("name"))),
        Order.INDEXED: _of_branches("live_run__published", F("live_run__published").desc()),
        Order.DEFINITIONS: _definitions(),
    }[by]
    rows = rows.annotate(place=value)
    place = F("place").desc(nulls_last=True) if descending else F("place").asc(nulls_last=True)
    return rows.order_by(place, Lower("name"), "pk")


def states(rows: Iterable[Repository]) -> dict[int, State]:
    """The state of each of the rows, by its id."""
    wanted = Repository.objects.filter(pk__in=[row.pk for row in rows])
    stated = wanted.annotate(state=_state()).values_list("pk", "state")
    return {pk: State(state) for pk, state in stated}


def _state() -> Case:
    return Case(
        *(When(condition, then=Value(state)) for state, condition in _conditions()),
        default=Value(State.UNINDEXED),
        output_field=models.CharField(),
    )


def _place_of_state() -> Case:
    """Its place among the states."""
    places = (When(condition, then=place) for place, (_, condition) in enumerate(_conditions()))
    return Case(*places, default=len(State), output_field=models.IntegerField())


def _conditions() -> list[tuple[State, Q | Exists]]:
    """The states, each with its condition, in their order."""
    branches = Branch.objects.filter(repository=OuterRef("pk"))
    in_progress = IndexRun.objects.filter(
        status__in=(*UNPUBLISHED, RunStatus.PUBLISHED),
        branch__repository=OuterRef("pk"),
        finished=None,
    )
    of_branch = IndexRun.objects.filter(branch=OuterRef("pk")).order_by("-pk")
    latest = Subquery(of_branch.values("status")[:1])
    failed = branches.alias(latest=latest).filter(latest=RunStatus.FAILED)
    indexed = branches.filter(live_run__isnull=False)
    answered = indexed.filter(upstream__isnull=False).exclude(upstream__head="")
    behind = answered.exclude(upstream__head=F("live_run__commit"))
    return [
        (State.PAUSED, Q(paused=True)),
        (State.INDEXING, Exists(in_progress)),
        (State.FAILED, Exists(failed)),
        (State.BEHIND, Exists(behind)),
        (State.SEARCHABLE, Exists(indexed)),
    ]


def _of_branches(column: str, order: models.expressions.Combinable) -> Subquery:
    """The column of its first indexed branch in that order."""
    indexed = Branch.objects.filter(repository=OuterRef("pk"), live_run__isnull=False)
    return Subquery(indexed.order_by(order).values(column)[:1])


def _definitions() -> Coalesce:
    """How many are searchable in all branches."""
    branches = Branch.objects.filter(repository=OuterRef("pk")).values("repository")
    counted = branches.annotate(count=Sum("live_run__definitions")).values("count")
    return Coalesce(Subquery(counted), 0)

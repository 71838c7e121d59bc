"""Lists of repositories: what is asked of one, and the state that each row is in."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Subquery, Value, When

from codeindex.models import (
    UNPUBLISHED,
    Branch,
    Import,
    IndexRun,
    RepositoryQuerySet,
    RunStatus,
)

LONGEST_NAME = 300
"""Characters of a name that is looked for."""


class State(models.TextChoices):
    """The first one that holds, so that a repository is in one state."""

    INDEXING = "indexing", "a run is waiting or in progress"
    FAILED = "failed", "the latest run of a branch failed"
    BEHIND = "behind", "the host has a newer commit than the one that is searched"
    SEARCHABLE = "searchable", "searchable"
    UNINDEXED = "unindexed", "not indexed"


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


def with_state(rows: RepositoryQuerySet) -> RepositoryQuerySet:
    """The rows, each with its `state`, by which they can be ordered, too."""
    return rows.annotate(state=_state())


def _state() -> Case:
    branches = Branch.objects.filter(repository=OuterRef("pk"))
    in_progress = IndexRun.objects.filter(branch__repository=OuterRef("pk"), status__in=UNPUBLISHED)
    of_branch = IndexRun.objects.filter(branch=OuterRef("pk")).order_by("-pk")
    latest = Subquery(of_branch.values("status")[:1])
    failed = branches.alias(latest=latest).filter(latest=RunStatus.FAILED)
    indexed = branches.filter(live_run__isnull=False)
    answered = indexed.filter(upstream__isnull=False).exclude(upstream__head="")
    behind = answered.exclude(upstream__head=F("live_run__commit"))
    return Case(
        When(Exists(in_progress), then=Value(State.INDEXING)),
        When(Exists(failed), then=Value(State.FAILED)),
        When(Exists(behind), then=Value(State.BEHIND)),
        When(Exists(indexed), then=Value(State.SEARCHABLE)),
        default=Value(State.UNINDEXED),
        output_field=models.CharField(),
    )

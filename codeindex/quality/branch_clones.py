"""The groups of clones within one branch, found in the background: those of a large repository take
longer than a page may."""

from __future__ import annotations

import logging
from dataclasses import asdict, replace
from typing import Any

from django.db.models import F, Min

from codeindex.models import Branch, BranchClones, Repository
from codeindex.quality import clones, shapes
from codeindex.quality.clones import Found, Group, Place
from codeindex.quality.statements import TooSlow

logger = logging.getLogger(__name__)


def refresh() -> int:
    """Find those of each repository's first indexed branch, if its live commit has changed and all
    shapes are computed; returns of how many branches. One that takes too long keeps no other
    waiting."""
    indexed = Branch.objects.filter(live_run__isnull=False)
    first = indexed.values("repository").annotate(first=Min("pk")).values("first")
    due = indexed.filter(pk__in=first).exclude(clones__run=F("live_run"))
    branches = list(due.values_list("pk", "live_run"))
    if not branches or not shapes.are_complete():
        return 0
    return sum(_find(branch, run) for branch, run in branches)


def _find(branch: int, run: int) -> bool:
    try:
        found = asdict(clones.groups([branch], within=clones.SECONDS))
    except TooSlow:
        logger.warning("The clones of branch %d take too long to find.", branch)
        return False
    BranchClones.objects.update_or_create(
        branch_id=branch, defaults={"run_id": run, "found": found}
    )
    return True


def stored(branch: int, repository: Repository) -> Found | None:
    """Those of a branch's live commit; None if they have not been found yet."""
    row = BranchClones.objects.filter(branch=branch, branch__live_run=F("run")).first()
    return _read(row.found, repository.full_name) if row else None


def _read(found: dict[str, Any], repository: str) -> Found:
    """`repository` is its present name."""
    groups = [
        Group(**{**group, "places": [_place(place, repository) for place in group["places"]]})
        for group in found["groups"]
    ]
    return replace(Found(**{**found, "groups": []}), groups=groups)


def _place(values: list[Any], repository: str) -> Place:
    return Place(*values)._replace(repository=repository)

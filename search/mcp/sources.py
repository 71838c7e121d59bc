"""Of which commit an answer is: repository, branch, commit, how old the index is, and whether it
lags."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.models import AnonymousUser, User
from django.utils import timezone
from django.utils.timesince import timesince

from codeindex.models import Branch, IndexRun, RunStatus, SourceFile, Upstream
from search.mcp import locations
from search.mcp.locations import COMMIT_CHARACTERS

INDEXING = "it is being indexed again, so that newer code may be missing"
ENDED = "the last attempt to index it again {}, so that newer code may be missing"

BEHIND = "its host has another commit, {}, that is not indexed yet"

LAGS = {
    RunStatus.PUBLISHED: "",
    RunStatus.FAILED: ENDED.format("failed"),
    RunStatus.CANCELLED: ENDED.format("was cancelled"),
}
"""By the status of a branch's latest run; any other status is one of indexing."""


@dataclass(frozen=True, slots=True)
class Source:
    """A branch's indexed commit, by `owner/name` of its repository. `lag` says why the index may be
    older than the branch; empty if it is not known to be."""

    repository: str
    branch: str
    commit: str
    indexed: datetime | None
    lag: str

    @property
    def description(self) -> str:
        """`alice/shop at commit 3f2a91c0, indexed 2 hours ago`"""
        age = f", indexed {ago(self.indexed)}" if self.indexed else ""
        lag = f"; {self.lag}" if self.lag else ""
        branch = f" branch {self.branch}" if self.branch else ""
        return f"{self.repository}{branch} at commit {self.commit[:COMMIT_CHARACTERS]}{age}{lag}"

    def location(self, path: str, first: int = 0, last: int = 0) -> str:
        return locations.written(self.repository, self.branch, path, first, last)


def of_files(user: User | AnonymousUser, files: Iterable[int]) -> dict[int, Source]:
    """file → its source, of those that a user may see."""
    rows = list(
        SourceFile.objects.visible_to(user)
        .live()
        .filter(pk__in=set(files))
        .select_related("branch__repository__owner", "branch__live_run")
    )
    sources = of_branches({row.branch_id: row.branch for row in rows}.values())
    return {row.pk: sources[row.branch_id] for row in rows}


def of_branches(branches: Iterable[Branch]) -> Mapping[int, Source]:
    """branch → its source, of branches that are live."""
    branches = list(branches)
    latest = dict(
        IndexRun.objects.filter(branch__in=branches)
        .order_by("branch", "-pk")
        .distinct("branch")
        .values_list("branch", "status")
    )
    heads = dict(Upstream.objects.filter(branch__in=branches).values_list("pk", "head"))
    return {
        branch.pk: _source(branch, RunStatus(latest[branch.pk]), heads.get(branch.pk, ""))
        for branch in branches
    }


def of_branch(branch: Branch) -> Source:
    return of_branches([branch])[branch.pk]


def _source(branch: Branch, latest: RunStatus, head: str) -> Source:
    """By the status of the latest run, and the host's commit where that is known."""
    run = branch.live_run
    assert run is not None
    is_behind = head not in ("", run.commit)
    return Source(
        repository=branch.repository.full_name,
        branch=branch.name,
        commit=run.commit,
        indexed=run.published,
        lag=BEHIND.format(head[:COMMIT_CHARACTERS]) if is_behind else LAGS.get(latest, INDEXING),
    )


def ago(moment: datetime) -> str:
    """`2 hours ago`"""
    now = timezone.now()
    if now - moment < timedelta(minutes=1):
        return "just now"
    return f"{timesince(moment, now, depth=1)} ago".replace("\xa0", " ")

"""The commit that an answer is from, how old its index is, and whether that lags behind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.timesince import timesince

from codeindex.models import IndexRun, RunStatus, Upstream
from search.addresses.origins import SHORT, Origin
from search.mcp import locations

BEHIND = "its host has another commit, {}, that is not indexed yet"
INDEXING = "it is being indexed again, so that newer code may be missing"
ENDED = "the last attempt to index it again {}, so that newer code may be missing"

LAGS = {
    RunStatus.PUBLISHED: "",
    RunStatus.FAILED: ENDED.format("failed"),
    RunStatus.CANCELLED: ENDED.format("was cancelled"),
}
"""By the status of a branch's latest run; any other status is one of indexing."""


@dataclass(frozen=True, slots=True)
class Source:
    """A branch's indexed commit. `lag` says why the index may be older than the branch; empty if it
    is not known to be."""

    origin: Origin
    lag: str

    @property
    def description(self) -> str:
        """`alice/shop at commit 3f2a91c0de, indexed 2 hours ago`"""
        origin = self.origin
        branch = f" branch {origin.branch}" if origin.branch else ""
        age = f", indexed {_ago(origin.indexed)}" if origin.indexed else ""
        lag = f"; {self.lag}" if self.lag else ""
        return f"{origin.full_name}{branch} at commit {origin.short_commit}{age}{lag}"

    def location(self, path: str, first: int = 0, last: int = 0) -> str:
        return locations.written(self.origin, path, first, last)


def sources(origins: Iterable[Origin]) -> dict[Origin, Source]:
    """Each origin with what is known of its lag. The user may see their branches."""
    origins = set(origins)
    repositories = {origin.repository_id for origin in origins}
    by_branch = ("branch__repository", "branch__name")
    runs = IndexRun.objects.filter(branch__repository__in=repositories)
    latest = {
        (repository, branch): RunStatus(status)
        for repository, branch, status in runs.order_by("branch", "-pk")
        .distinct("branch")
        .values_list(*by_branch, "status")
    }
    upstreams = Upstream.objects.filter(branch__repository__in=repositories)
    heads = {
        (repository, branch): head
        for repository, branch, head in upstreams.values_list(*by_branch, "head")
    }
    return {
        origin: Source(origin, _lag(origin, latest.get(key), heads.get(key, "")))
        for origin in origins
        for key in [(origin.repository_id, origin.branch)]
    }


def described_once(origins: Sequence[Origin]) -> Iterator[tuple[Source, str]]:
    """The source of each origin in turn, with its description where it comes first, and an empty
    text after that."""
    known, described = sources(origins), set[Origin]()
    for origin in origins:
        yield known[origin], "" if origin in described else known[origin].description
        described.add(origin)


def source(origin: Origin) -> Source:
    return sources([origin])[origin]


def _lag(origin: Origin, latest: RunStatus | None, head: str) -> str:
    """By the status of the branch's latest run, and its host's commit where that is known."""
    if head not in ("", origin.commit):
        return BEHIND.format(head[:SHORT])
    return LAGS.get(latest, INDEXING) if latest else ""


def _ago(moment: datetime) -> str:
    """`2 hours ago`"""
    now = timezone.now()
    if now - moment < timedelta(minutes=1):
        return "just now"
    return f"{timesince(moment, now, depth=1)} ago".replace("\xa0", " ")

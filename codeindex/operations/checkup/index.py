"""The index: what waits, what failed, and where it differs from the repositories."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from datetime import timedelta
from shlex import quote

from django.db.models import F, Max, Q, QuerySet
from django.db.models.functions import Now

from codeindex.databases import statements
from codeindex.ingestion.cloning import git, mirrors
from codeindex.models import (
    Blob,
    Embedding,
    EmbeddingState,
    IndexRun,
    RunStatus,
    Space,
    SpaceState,
    Text,
    Upstream,
)
from codeindex.operations.checkup.findings import NAMED, Finding, advice, some
from codeindex.spaces import lifecycle

WAITING = timedelta(minutes=30)
BEHIND = timedelta(days=1)
UNUSED = timedelta(days=3)
"""Unused rows are deleted after one day, by the hourly cleanup."""

MOST_MIRRORS = 200
GIT_SECONDS = 20


def examine() -> Iterator[Finding]:
    yield from _queue()
    yield from _failed()
    yield from _drift()
    yield from _spaces()
    yield from _mirrors()
    yield from _rows()


def _queue() -> Iterator[Finding]:
    waiting = IndexRun.objects.unpaused().filter(
        status=RunStatus.QUEUED, created__lt=Now() - WAITING
    )
    if count := waiting.count():
        yield advice(
            f"{count:,} index runs have waited for more than {_minutes(WAITING)} minutes.",
            "What has been pushed since is not searchable.",
            "Make sure that workers of ingest run, and read the reasons on the runs' pages.",
        )
    pending = Embedding.objects.filter(state=EmbeddingState.PENDING)
    held = pending.filter(leased_until__gt=Now())
    if pending.exclude(space__state=SpaceState.RETIRED).exists() and not held.exists():
        yield advice(
            "Texts wait for a vector, and no worker is encoding any.",
            "New code is found by its words alone.",
            "Make sure that a worker of embed runs.",
        )


def _failed() -> Iterator[Finding]:
    latest = IndexRun.objects.values("branch").annotate(latest=Max("pk")).values("latest")
    failed = IndexRun.objects.filter(pk__in=latest, status=RunStatus.FAILED)
    if names := _branches(failed):
        yield advice(
            f"The latest index run of these branches failed: {names}.",
            "Their newest commits are not searchable.",
            "The repository's page has the reason.",
        )


def _drift() -> Iterator[Finding]:
    """Commits that the hosts have and that are not live here."""
    asked = Upstream.objects.filter(branch__repository__paused=False).exclude(head="")
    live = F("branch__live_run__commit")
    behind = asked.filter(moved__lt=Now() - BEHIND).filter(~Q(head=live) | Q(branch__live_run=None))
    if names := _branches(behind):
        yield Finding(
            f"These branches have been behind their hosts for more than a day: {names}.",
            "Users find old code.",
            "Index them again on their pages; the run says why it fails.",
        )
    silent = Upstream.objects.filter(failures__gte=3).exclude(error="")
    if names := _branches(silent):
        yield advice(
            f"The hosts of these branches do not answer: {names}.",
            "Their new commits, if any, are not indexed.",
            "The repository's page has the reason: often an expired credential.",
        )


def _branches(rows: QuerySet[IndexRun] | QuerySet[Upstream]) -> str:
    """The first of their branches, and how many more there are; empty without rows."""
    first = rows.select_related("branch__repository").order_by("branch")[:NAMED]
    return some([str(row.branch) for row in first], rows.count()) if first else ""


def _spaces() -> Iterator[Finding]:
    for space in Space.objects.exclude(problem=""):
        yield Finding(
            f"No vectors are computed for the space {space}: {space.problem}",
            "New code is found by its words alone.",
            "python manage.py spaces",
        )
    coverage = lifecycle.coverage()
    for space in Space.objects.filter(state=SpaceState.ACTIVE):
        missing = coverage[space.pk].missing
        if missing and not lifecycle.has_pending(space):
            yield Finding(
                f"{missing:,} live texts have no vector in the active space, and none has been"
                " requested.",
                "They are not found by their meaning.",
                f"python manage.py spaces activate {space.fingerprint[:12]}",
            )


def _mirrors() -> Iterator[Finding]:
    """The copies of repositories on this machine. One that is missing is fetched again."""
    for mirror in sorted(mirrors.folder().glob("*.git"))[:MOST_MIRRORS]:
        asked = subprocess.run(
            ["git", "rev-parse", "--git-dir"],
            env=git.environment(mirrors.folder(), mirror),
            capture_output=True,
            timeout=GIT_SECONDS,
        )
        if asked.returncode != 0 and mirror.exists():
            yield Finding(
                f"{mirror} is not a git repository.",
                "Fetches into it fail.",
                f"rm -r {quote(str(mirror))}",
            )


def _rows() -> Iterator[Finding]:
    unused = sum(
        model.objects.filter(unused_since__lt=Now() - UNUSED).count() for model in (Blob, Text)
    )
    if unused:
        yield Finding(
            f"{unused:,} contents and texts that nothing uses have not been deleted.",
            "The database grows.",
            "Make sure that beat and a worker of ingest run: they clean up once an hour.",
        )
    ((empty,),) = statements.rows(EMPTY_BLOBS)
    if empty:
        yield Finding(
            f"{empty:,} live files have no definitions.",
            "They are found only by searches for lines.",
            "Index the repositories again. If that does not help, report a bug of codeindex.",
        )


def _minutes(time: timedelta) -> int:
    return int(time.total_seconds() // 60)


EMPTY_BLOBS = """
SELECT count(*) FROM codeindex_blob AS blob
WHERE skipped = '' AND content ~ '\\w'
  AND NOT EXISTS (SELECT FROM codeindex_definition WHERE blob_id = blob.id)
  AND EXISTS (SELECT FROM codeindex_sourcefile WHERE blob_id = blob.id AND live)
"""

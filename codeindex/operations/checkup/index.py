"""The index: what waits, what failed, and where it is not what the repositories are."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from datetime import timedelta

from django.db.models import F, Max, Q, QuerySet
from django.db.models.functions import Now

from codeindex.databases import statements
from codeindex.ingestion.cloning import mirrors
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
            "What was pushed since is not found.",
            "See that workers of ingest run, and what the runs' pages say.",
        )
    pending = Embedding.objects.filter(state=EmbeddingState.PENDING)
    held = pending.filter(leased_until__gt=Now())
    if pending.exclude(space__state=SpaceState.RETIRED).exists() and not held.exists():
        yield advice(
            "Texts wait for a vector, and no worker encodes any.",
            "New code is found by its words alone.",
            "See that a worker of embed runs.",
        )


def _failed() -> Iterator[Finding]:
    latest = IndexRun.objects.values("branch").annotate(latest=Max("pk")).values("latest")
    failed = IndexRun.objects.filter(pk__in=latest, status=RunStatus.FAILED)
    if names := _branches(failed):
        yield advice(
            f"The latest index run of these branches failed: {names}.",
            "Their newest commits are not found.",
            "The repository's page has the reason.",
        )


def _drift() -> Iterator[Finding]:
    """What the hosts have, and is not live here."""
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
            "Nobody knows whether they have new commits.",
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
                f"{missing:,} live texts have no vector in the active space, and nobody has asked"
                " for one.",
                "They are not found by their meaning.",
                f"python manage.py spaces activate {space.fingerprint[:12]}",
            )


def _mirrors() -> Iterator[Finding]:
    """The copies of repositories on this machine. One that is missing is fetched again."""
    command = ["git", "-c", "safe.directory=*", "rev-parse", "--git-dir"]
    environment = {"PATH": "/usr/bin:/bin:/usr/local/bin", "GIT_CONFIG_GLOBAL": "/dev/null"}
    for mirror in sorted(mirrors.folder().glob("*.git"))[:MOST_MIRRORS]:
        told = subprocess.run(
            command, cwd=mirror, env={**environment, "GIT_DIR": str(mirror)}, capture_output=True,
            timeout=GIT_SECONDS,
        )  # fmt: skip
        if told.returncode != 0:
            yield Finding(
                f"{mirror} is no repository any more.",
                "Fetches into it fail.",
                f"rm -r {mirror}",
            )


def _rows() -> Iterator[Finding]:
    unused = sum(
        model.objects.filter(unused_since__lt=Now() - UNUSED).count() for model in (Blob, Text)
    )
    if unused:
        yield Finding(
            f"{unused:,} contents and texts that nothing uses were not deleted.",
            "The database grows.",
            "See that beat and a worker of ingest run: they clean up once an hour.",
        )
    ((empty,),) = statements.rows(EMPTY_BLOBS)
    if empty:
        yield Finding(
            f"{empty:,} live contents have nothing that can be found.",
            "Their files are found by their lines alone.",
            "Index the repositories again; if that does not help, it is a fault of codeindex.",
        )


def _minutes(time: timedelta) -> int:
    return int(time.total_seconds() // 60)


EMPTY_BLOBS = """
SELECT count(*) FROM codeindex_blob AS blob
WHERE skipped = '' AND content ~ '\\w'
  AND NOT EXISTS (SELECT FROM codeindex_definition WHERE blob_id = blob.id)
  AND EXISTS (SELECT FROM codeindex_sourcefile WHERE blob_id = blob.id AND live)
"""

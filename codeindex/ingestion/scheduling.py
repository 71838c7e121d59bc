"""Which runs are fetched and read next.

There are two lanes with workers of their own, so that a push does not wait while large repositories
are read: updates of what is indexed, and everything else. An update that turns out to be large
changes lanes.

A process takes one run at a time. The runs of one owner and the fetches from one host that are in
progress at once in a lane are limited, so that a remote which sends a byte a second cannot occupy
all processes. The owner with the fewest runs in progress comes first, and of an owner's runs the
oldest.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from codeindex import leases
from codeindex.ingestion.cloning import remotes
from codeindex.models import ATTEMPTS, UNREAD, Branch, IndexRun, RunStatus
from embeddings.types import READING_VERSION

HELD_BACK = (
    "This run is waiting: the index runs of one owner and the fetches from one host that may be in"
    " progress at once are limited. It starts as soon as another one ends."
)

READ_AGAIN_AT_ONCE = 10
"""Runs. Reading everything again after an upgrade leaves room for what users ask for."""

UPDATE_FILES = 500
"""So many changed files are read as an update at most: some tens of seconds."""

FETCHING = (RunStatus.QUEUED, RunStatus.CHECKOUT)

COLUMNS = ("pk", "branch__repository__owner", "branch__repository__url", "status")


class Lane(Enum):
    """Runs with a worker of their own."""

    WHOLE = "whole"
    UPDATES = "updates"


UPDATES = Q(branch__live_run__reading=READING_VERSION, large=False)


@dataclass(frozen=True, slots=True)
class Load:
    """How many runs of each owner, and fetches from each host, are in progress in a lane."""

    runs: Counter[int] = field(default_factory=Counter)
    fetches: Counter[str] = field(default_factory=Counter)

    def add(self, owner: int, host: str, status: str) -> None:
        self.runs[owner] += 1
        # A path of this machine has no host that could be slow.
        if host and status in FETCHING:
            self.fetches[host] += 1

    def has_room(self, owner: int, host: str) -> bool:
        return (
            self.runs[owner] < settings.CODEINDEX_RUNS_PER_OWNER
            and self.fetches[host] < settings.CODEINDEX_FETCHES_PER_HOST
        )


def startable_runs(lane: Lane = Lane.WHOLE) -> list[int]:
    """The ids of the runs of a lane that may all start now, in order."""
    load, runs = Load(), _unread().filter(UPDATES if lane == Lane.UPDATES else ~UPDATES)
    for _, owner, url, status in runs.exclude(leases.FREE).values_list(*COLUMNS):
        load.add(owner, _host(url), status)
    waiting = list(runs.filter(leases.FREE, attempts__lt=ATTEMPTS).values_list(*COLUMNS))
    chosen = []
    for pk, owner, url, status in sorted(waiting, key=lambda run: (load.runs[run[1]], run[0])):
        host = _host(url)
        if load.has_room(owner, host):
            load.add(owner, host, status)
            chosen.append(pk)
    return chosen


@transaction.atomic
def explain_waiting() -> None:
    """Record on the runs that are held back why they wait."""
    free = _unread().filter(leases.FREE)
    startable = [pk for lane in Lane for pk in startable_runs(lane)]
    leases.unlocked(free.filter(pk__in=startable, error=HELD_BACK)).update(error="")
    leases.unlocked(free.exclude(pk__in=startable).filter(error="")).update(error=HELD_BACK)


def branches_to_read_again() -> QuerySet[Branch]:
    """Some live branches that an older version has read, and that nobody has asked to index in the
    last day; none while as many runs wait."""
    if _unread().count() >= READ_AGAIN_AT_ONCE:
        return Branch.objects.none()
    tried = IndexRun.objects.filter(branch=OuterRef("pk"), created__gt=Now() - timedelta(days=1))
    outdated = Branch.objects.filter(
        live_run__reading__lt=READING_VERSION, repository__paused=False
    ).exclude(Exists(tried))
    return outdated.select_related("repository").order_by("pk")[:READ_AGAIN_AT_ONCE]


def _unread() -> QuerySet[IndexRun]:
    return IndexRun.objects.unpaused().filter(status__in=UNREAD)


def _host(url: str) -> str:
    """Empty for a path of this machine, and for an address that is no longer valid, which the run
    itself reports."""
    try:
        return remotes.parse(url, trusted_path=True).host
    except remotes.RefusedRemote:
        return ""

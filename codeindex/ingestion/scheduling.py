"""Which runs are fetched and read next.

A process of the queue `ingest` takes one run at a time. The runs of one owner and the fetches from
one host that are in progress at once are limited, so that a remote which sends a byte a second
cannot occupy all processes. The owner with the fewest runs in progress comes first, and of an
owner's runs the oldest.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
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

FETCHING = (RunStatus.QUEUED, RunStatus.CHECKOUT)

COLUMNS = ("pk", "branch__repository__owner", "branch__repository__url", "status")


@dataclass(frozen=True, slots=True)
class Load:
    """How many runs of each owner, and fetches from each host, are in progress."""

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


def startable_runs() -> list[int]:
    """The ids of the runs that may all start now, in order."""
    load = Load()
    for _, owner, url, status in _unread().exclude(leases.FREE).values_list(*COLUMNS):
        load.add(owner, _host(url), status)
    waiting = list(_unread().filter(leases.FREE, attempts__lt=ATTEMPTS).values_list(*COLUMNS))
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
    startable = startable_runs()
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

"""Whose turn it is to be fetched and read.

A process of the queue `ingest` takes one run at a time. Of one owner only so many runs are under
way at once, and of one host only so many fetches: a remote that sends a byte a second does not keep
all processes from everyone else. The owner of the fewest runs under way comes first, and of an
owner's runs the oldest.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from django.conf import settings
from django.db.models import QuerySet

from codeindex import leases
from codeindex.ingestion.cloning import remotes
from codeindex.models import ATTEMPTS, UNREAD, IndexRun, RunStatus

HELD_BACK = (
    "It waits for its turn: only so many index runs of one owner, and fetches from one host, are "
    "under way at once."
)

FETCHING = (RunStatus.QUEUED, RunStatus.CHECKOUT)

COLUMNS = ("pk", "branch__repository__owner", "branch__repository__url", "status")


@dataclass(frozen=True, slots=True)
class UnderWay:
    """How many runs of each owner, and fetches from each host, there are at once."""

    runs: Counter[int] = field(default_factory=Counter)
    fetches: Counter[str] = field(default_factory=Counter)

    def add(self, owner: int, host: str, status: str) -> None:
        self.runs[owner] += 1
        # Nobody waits for a path of this machine.
        if host and status in FETCHING:
            self.fetches[host] += 1

    def has_room(self, owner: int, host: str) -> bool:
        return (
            self.runs[owner] < settings.CODEINDEX_RUNS_PER_OWNER
            and self.fetches[host] < settings.CODEINDEX_FETCHES_PER_HOST
        )


def startable() -> list[int]:
    """The ids of the runs that may all start now, in order."""
    under_way = UnderWay()
    for _, owner, url, status in _unread().exclude(leases.FREE).values_list(*COLUMNS):
        under_way.add(owner, _host(url), status)
    waiting = list(_unread().filter(leases.FREE, attempts__lt=ATTEMPTS).values_list(*COLUMNS))
    chosen = []
    for pk, owner, url, status in sorted(waiting, key=lambda run: (under_way.runs[run[1]], run[0])):
        host = _host(url)
        if under_way.has_room(owner, host):
            under_way.add(owner, host, status)
            chosen.append(pk)
    return chosen


def explain() -> None:
    """Say on the runs that are held back why they wait."""
    free = _unread().filter(leases.FREE)
    startable_now = startable()
    free.filter(pk__in=startable_now, error=HELD_BACK).update(error="")
    free.exclude(pk__in=startable_now).filter(error="").update(error=HELD_BACK)


def _unread() -> QuerySet[IndexRun]:
    return IndexRun.objects.filter(status__in=UNREAD)


def _host(url: str) -> str:
    """Empty for a path of this machine, and for what is no address any more: git says so."""
    try:
        return remotes.parse(url, trusted_path=True).host
    except remotes.RefusedRemote:
        return ""

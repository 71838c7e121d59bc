"""Alerts: which saved searches find code that an index run has added.

The transaction that finishes a run writes that it is to be compared. A worker claims all such runs,
compares them with each alerting search, and writes the alerts and what is to be told of them in the
transaction that ends the comparison. What a search finds is asked of `search`, which this room does
not know.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from codeindex import leases, outbox
from codeindex.models import Alert, AwaitedComparison, IndexRun, Repository, SavedSearch
from codeindex.models.searches import KEPT

MOST_MATCHES = 50
"""Of one alert."""

BATCH = 100
"""Runs that are compared together."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Match:
    """A definition that a search has found: where it was at a commit, and how close it is."""

    repository_id: int
    repository: str
    branch: str
    commit: str
    path: str
    start_line: int
    end_line: int
    name: str
    kind: str
    closeness: str
    permalink: str


class CannotCompare(Exception):
    """Searches cannot be answered now. The comparison is made later."""


Find = Callable[[SavedSearch, Collection[int]], Sequence[Match]]
"""What a search finds, for its owner, in code that these runs have added. Raises
`CannotCompare`."""


def await_comparison(runs: Iterable[IndexRun]) -> None:
    """Runs have finished, in the transaction in progress."""
    if SavedSearch.objects.exclude(alerting=None).exists():
        AwaitedComparison.objects.bulk_create(
            (AwaitedComparison(run=run) for run in runs), ignore_conflicts=True
        )


def is_due() -> bool:
    return AwaitedComparison.objects.filter(leases.FREE).exists()


def compare_next(find: Find) -> bool:
    """Compare a batch of runs with all alerting searches; whether there was any."""
    lease = uuid.uuid4()
    runs = _claim(lease)
    if not runs:
        return False
    held = AwaitedComparison.objects.filter(lease=lease)
    with leases.holding(held) as renewed:
        found = []
        for search in _alerting():
            renewed.progress()
            if added := _added_since(search, runs):
                found.append((search, _found(find, search, added)))
        _record(held, found)
    return True


def shown(alert: Alert) -> list[dict[str, Any]]:
    """The matches that the search's owner may still see."""
    owner = alert.search.owner
    ids = {match["repository_id"] for match in alert.matches}
    visible = Repository.objects.visible_to(owner).filter(pk__in=ids)
    kept = set(visible.values_list("pk", flat=True))
    return [match for match in alert.matches if match["repository_id"] in kept]


def outdated() -> tuple[QuerySet[Alert], QuerySet[AwaitedComparison]]:
    """Old alerts, and old runs that could not be compared."""
    old = Now() - KEPT
    return Alert.objects.filter(created__lt=old), AwaitedComparison.objects.filter(created__lt=old)


@transaction.atomic
def _claim(lease: uuid.UUID) -> list[IndexRun]:
    waiting = AwaitedComparison.objects.filter(leases.FREE)
    chosen = list(waiting.order_by("pk").values_list("pk", flat=True)[:BATCH])
    leases.take(waiting.filter(pk__in=chosen), lease)
    claimed = AwaitedComparison.objects.filter(lease=lease).select_related("run")
    return [row.run for row in claimed]


def _alerting() -> QuerySet[SavedSearch]:
    searches = SavedSearch.objects.exclude(alerting=None).filter(owner__is_active=True)
    return searches.select_related("owner").order_by("pk")


def _added_since(search: SavedSearch, runs: Iterable[IndexRun]) -> list[int]:
    """The runs that finished after the search began to alert, in repositories that its owner may
    see."""
    visible = Repository.objects.visible_to(search.owner).values("pk")
    since = search.alerting
    newer = [run.pk for run in runs if run.finished and since and run.finished > since]
    own = IndexRun.objects.filter(pk__in=newer, branch__repository__in=visible)
    return list(own.values_list("pk", flat=True))


def _found(find: Find, search: SavedSearch, runs: Collection[int]) -> Sequence[Match]:
    try:
        return find(search, runs)
    except CannotCompare:
        raise
    except Exception:
        # One search that fails must not keep the others from being compared
        logger.exception("The saved search %s cannot be compared with new code.", search.pk)
        return ()


@transaction.atomic
def _record(
    held: QuerySet[AwaitedComparison], found: Iterable[tuple[SavedSearch, Sequence[Match]]]
) -> None:
    """Does nothing if the comparison is no longer this worker's."""
    if not list(held.select_for_update().values_list("pk", flat=True)):
        return
    present = set(SavedSearch.objects.values_list("pk", flat=True))
    for search, matches in found:
        if matches and search.pk in present:
            alert = Alert.objects.create(
                search=search,
                matches=[asdict(match) for match in matches[:MOST_MATCHES]],
                mail_due=Now() if search.mail else None,
            )
            outbox.record_alert(alert)
    held.delete()

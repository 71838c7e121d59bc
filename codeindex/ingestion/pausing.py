"""Pausing a repository: its runs wait, whatever their stage, and go on when it is resumed.

A worker that reads loses its lease, and stops at its next write. What it has stored stays, so that
the run goes on from there. Texts that only paused runs need are not encoded. Of what is searchable
nothing changes.
"""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F

from codeindex import audit
from codeindex.audit import Change
from codeindex.ingestion import runs, store
from codeindex.models import UNREAD, IndexRun, Repository, SourceFile


@transaction.atomic
def pause(repository: Repository, *, by: User | None) -> bool:
    """Let its runs wait, present and future ones; False if they do already."""
    if not _set_paused(repository, True):
        return False
    reading = IndexRun.objects.filter(branch__repository=repository, status__in=UNREAD)
    # A worker that writes finishes its batch first
    locked = reading.select_for_update(of=("self",)).order_by("pk")
    pks = list(locked.values_list("pk", flat=True))
    # Its worker did not crash, so that the attempt does not count
    IndexRun.objects.filter(pk__in=pks, lease__isnull=False).update(
        lease=None, leased_until=None, attempts=F("attempts") - 1
    )
    store.withdraw_embeddings(SourceFile.objects.filter(branch__repository=repository))
    audit.record(Change.REPOSITORY_PAUSED, repository.full_name, by=by)
    return True


@transaction.atomic
def resume(repository: Repository, *, by: User | None) -> bool:
    """Let them go on; False if the repository was not paused."""
    if not _set_paused(repository, False):
        return False
    for run in runs.awaiting_vectors().filter(branch__repository=repository):
        store.request_embeddings(run)
    audit.record(Change.REPOSITORY_RESUMED, repository.full_name, by=by)
    return True


def _set_paused(repository: Repository, paused: bool) -> bool:
    rows = Repository.objects.filter(pk=repository.pk).exclude(paused=paused)
    return bool(rows.update(paused=paused))

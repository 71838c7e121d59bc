"""How long history is kept: once an hour what is older is deleted, in bounded batches.

docs/operations.md has the table of all that is deleted, and when."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from codeindex.ingestion import store
from codeindex.models import Branch, IndexRun, Invitation, RecentSearch, SourceFile, Token

BATCH = 5_000
"""Rows that are deleted in one transaction."""

MOST_BATCHES = 200
"""Of one kind of rows, in one hour."""

ENDED = timedelta(days=30)
"""How long tokens and invitations are still shown after their end."""

logger = logging.getLogger(__name__)

Delete = Callable[[QuerySet[Any]], object]


def forget() -> None:
    """Delete what is older than the settings say."""
    ended = Now() - ENDED
    delete_in_batches(Session.objects.filter(expire_date__lt=Now()))
    delete_in_batches(Token.objects.filter(expires__lt=ended))
    delete_in_batches(Invitation.objects.filter(Q(expires__lt=ended) | Q(accepted__lt=ended)))
    if days := settings.CODEINDEX_AUDIT_DAYS:
        delete_in_batches(LogEntry.objects.filter(action_time__lt=Now() - timedelta(days=days)))
    if days := settings.CODEINDEX_RECENT_DAYS:
        delete_in_batches(RecentSearch.objects.filter(at__lt=Now() - timedelta(days=days)))
    if days := settings.CODEINDEX_HISTORY_DAYS:
        forget_history(timedelta(days=days))


def forget_history(age: timedelta) -> None:
    """Delete the versions of files that were replaced longer than `age` ago, and the runs of which
    nothing is left. What only they held goes with the next garbage collection."""
    replacing = IndexRun.objects.filter(published__lt=Now() - age)
    replaced = SourceFile.objects.filter(live=False, until_run__in=replacing)
    delete_in_batches(replaced, store.delete_files)
    files = SourceFile.objects.filter(Q(from_run=OuterRef("pk")) | Q(until_run=OuterRef("pk")))
    live = Branch.objects.filter(live_run=OuterRef("pk"))
    ended = IndexRun.objects.filter(finished__lt=Now() - age)
    delete_in_batches(ended.exclude(Exists(files)).exclude(Exists(live)))


def delete_in_batches(rows: QuerySet[Any], delete: Delete = lambda batch: batch.delete()) -> int:
    """Delete `rows`, each batch of them in a transaction of its own; at most `MOST_BATCHES`, since
    the next hour comes. Returns how many there were."""
    deleted = 0
    for _ in range(MOST_BATCHES):
        with transaction.atomic():
            batch = list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])
            delete(rows.model._default_manager.filter(pk__in=batch))
        deleted += len(batch)
        if len(batch) < BATCH:
            break
    if deleted:
        logger.info("Deleted %s %s.", f"{deleted:,}", rows.model._meta.verbose_name_plural)
    return deleted

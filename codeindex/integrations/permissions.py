"""Keeps who may find an imported repository as its code host says who may read it.

A host is asked for a few repositories at a time, those first that it was not asked for the longest.
What it says replaces what it said before. While it says nothing, its last answer counts for
CODEINDEX_PERMISSION_HOURS (`RepositoryQuerySet.followed`), and after that nobody reads by it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from codeindex import audit
from codeindex.audit import Change
from codeindex.integrations import attempts, http, imports
from codeindex.integrations.http import Forbidden, HostError, NotFound
from codeindex.integrations.identities import Identities
from codeindex.integrations.readers import DIRECTORIES, BadAnswer, Directory, Readers
from codeindex.leases import Lease
from codeindex.models import HostReader, Import, ImportedRepository, PermissionSync, Visibility

BATCH = 50
"""Repositories that one task asks for."""

FAILURES_IN_A_ROW = 3
"""After so many the host is left alone for a while."""

OF_ONE = (Forbidden, NotFound, BadAnswer)
"""What says nothing of other repositories."""

NOT_ALLOWED = "The token may not list who can read this repository."
NO_SUCH = "The host has no such repository any more, or hides it from the token."


def is_due() -> bool:
    return attempts.is_due(_due())


def sync_next() -> bool:
    """Ask for some repositories of the import that has waited longest; False if none is due."""
    row = attempts.claim(_due())
    if row is None:
        return False
    attempts.attempt(row, partial(_sync, row))
    return True


def _due() -> QuerySet[PermissionSync]:
    due = PermissionSync.objects.filter(
        due__lte=Now(), source__started=True, source__host__owner__is_active=True
    )
    return due.select_related("source__host__owner")


def _sync(row: PermissionSync, lease: Lease) -> datetime:
    """Returns when to go on."""
    host = row.source.host
    waiting = _waiting(row.source)
    access = imports.access_to(host)
    identities = Identities(host)
    with http.connected(access.api, access.headers) as client:
        directory = DIRECTORIES[access.kind](access, client, attempts.progress(lease))
        _refresh_all(waiting[:BATCH], directory, identities)
    if len(waiting) > BATCH:
        return timezone.now()
    PermissionSync.objects.filter(pk=row.pk, lease=row.lease).update(synced=Now())
    return attempts.later(settings.CODEINDEX_PERMISSION_MINUTES)


def _waiting(source: Import) -> list[ImportedRepository]:
    """One batch of those that were not asked for lately, and one more if there are more."""
    lately = timezone.now() - timedelta(minutes=settings.CODEINDEX_PERMISSION_MINUTES) / 2
    links = source.repositories.exclude(repository=None)
    waiting = links.filter(Q(readers_asked=None) | Q(readers_asked__lt=lately))
    first = waiting.order_by(F("readers_asked").asc(nulls_first=True), "pk")
    return list(first.select_related("repository__owner", "source")[: BATCH + 1])


def _refresh_all(
    links: Iterable[ImportedRepository], directory: Directory, identities: Identities
) -> None:
    """Ask who may read these repositories. What is wrong with one of them is noted on it. Raises
    `HostError` if the host asks to wait, or fails for several in a row or for all."""
    in_a_row, succeeded = 0, 0
    failure: HostError | None = None
    for link in links:
        try:
            _refresh(link, directory, identities)
        except OF_ONE as error:
            _note_failure(link, error)
            failure = error
        except HostError as error:
            if error.wait is not None:
                raise
            _note_failure(link, error)
            in_a_row, failure = in_a_row + 1, error
            if in_a_row == FAILURES_IN_A_ROW:
                raise
        else:
            in_a_row, succeeded = 0, succeeded + 1
    if failure and not succeeded:
        raise failure


def _refresh(link: ImportedRepository, directory: Directory, identities: Identities) -> None:
    of_public = link.source.visibility == Visibility.PRIVATE
    try:
        readers = directory.readers(link.host_id, link.full_name, of_public=of_public)
    except Forbidden as error:
        raise Forbidden(NOT_ALLOWED) from error
    except NotFound as error:
        raise NotFound(NO_SUCH) from error
    _record(link, readers, identities.users(readers.accounts, directory))


def _note_failure(link: ImportedRepository, error: HostError) -> None:
    ImportedRepository.objects.filter(pk=link.pk).update(
        readers_asked=Now(), readers_error=str(error)[:300]
    )


@transaction.atomic
def _record(link: ImportedRepository, readers: Readers, users: Collection[int]) -> None:
    """Let these users read the repository here, and nobody whom the host named before."""
    row = ImportedRepository.objects.select_for_update(no_key=True).filter(pk=link.pk).first()
    if row is None:
        return
    before = set(row.readers.values_list("user", flat=True))
    present = set(User.objects.filter(pk__in=users).values_list("pk", flat=True))
    row.readers.exclude(user__in=present).delete()
    HostReader.objects.bulk_create(
        HostReader(imported=row, user_id=user) for user in sorted(present - before)
    )
    told = _told(row, readers, present - before, before - present)
    row.public_at_host, row.readers_error = readers.is_public, ""
    row.readers_asked = row.readers_known = timezone.now()
    row.save(update_fields=["public_at_host", "readers_error", "readers_asked", "readers_known"])
    if told and link.repository:
        audit.record(Change.READERS_CHANGED, link.repository.full_name, by=None, details=told)


def _told(
    row: ImportedRepository, readers: Readers, new: Collection[int], gone: Collection[int]
) -> str:
    """public at the host, +new, −gone; "" if nothing has changed."""
    names = dict(User.objects.filter(pk__in=[*new, *gone]).values_list("pk", "username"))
    told = audit.difference(_known(names, new), _known(names, gone))
    if readers.is_public == row.public_at_host:
        return told
    public = "public at the host" if readers.is_public else "no longer public there"
    return ", ".join(filter(None, [public, told]))


def _known(names: Mapping[int, str], users: Collection[int]) -> list[str]:
    return sorted(names[user] for user in users if user in names)

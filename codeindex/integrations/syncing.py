"""Keeps imports as their code hosts list them.

All pages are read before anything is written, so that an answer that fails or is cut short changes
nothing. What is new is registered in batches. What is no longer listed is removed when it is
missing from two answers in a row; not if an answer is empty; and if it is much, only after a
confirmation.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from fnmatch import fnmatchcase
from functools import partial

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from more_itertools import batched

from codeindex import credentials, repositories
from codeindex.ingestion.cloning import remotes
from codeindex.ingestion.cloning.remotes import Remote
from codeindex.integrations import attempts, http, imports, listings
from codeindex.integrations.http import HostError
from codeindex.integrations.listings import Access, Listed
from codeindex.leases import Lease
from codeindex.models import (
    Branch,
    Import,
    ImportedRepository,
    PermissionSync,
    Repository,
    Visibility,
)
from codeindex.repositories import Imported

MOST_REPOSITORIES = 20_000
"""Of one import."""

BATCH = 200
"""Repositories that one transaction registers."""

REMOVED_AT_ONCE = 50
"""Repositories that one synchronisation removes; the next one goes on."""

FREE_REMOVALS = 10
FREE_SHARE = 0.1
"""How many repositories go without a confirmation: so many, or this share if that is more."""

NAMES_SHOWN = 500
"""Names that a preview shows."""

RequestIndexes = Callable[[Iterable[Branch]], object]


def is_due() -> bool:
    return attempts.is_due(_due())


def sync_next(request_indexes: RequestIndexes) -> bool:
    """Synchronise the import that has waited longest; False if none is due. `request_indexes` is
    given the branches of new repositories, in the transaction that registers them."""
    row = attempts.claim(_due())
    if row is None:
        return False
    attempts.attempt(row, partial(_sync, row, request_indexes))
    return True


def keeps(row: Import, listed: Listed) -> bool:
    """Whether the filters of an import keep a repository."""
    names = (listed.name.lower(), listed.full_name.lower())

    def matches(pattern: str) -> bool:
        return any(fnmatchcase(name, pattern.lower()) for name in names)

    wanted = [pattern for pattern in row.patterns if not pattern.startswith("!")]
    unwanted = [pattern[1:] for pattern in row.patterns if pattern.startswith("!")]
    return (
        (row.archived or not listed.archived)
        and (row.forks or not listed.fork)
        and (not row.topics or not listed.topics.isdisjoint(row.topics))
        and (not wanted or any(map(matches, wanted)))
        and not any(map(matches, unwanted))
    )


def _due() -> QuerySet[Import]:
    due = Import.objects.filter(due__lte=Now(), host__owner__is_active=True)
    return due.select_related("host__owner", "team", "permission_sync")


def _sync(row: Import, request_indexes: RequestIndexes, lease: Lease) -> datetime:
    due = _apply(row, _listed(row, lease), lease, request_indexes)
    Import.objects.filter(pk=row.pk, lease=row.lease).update(synced=Now())
    return due


def _listed(row: Import, lease: Lease) -> dict[str, Listed]:
    """All repositories of the namespace, by the host's id. Raises `HostError`."""
    access = imports.access_to(row.host)
    listed: dict[str, Listed] = {}
    progress = attempts.progress(lease)
    with http.connected(access.api, access.headers) as client:
        for page in listings.repositories(access, row.namespace, client):
            progress()
            listed.update((each.id, each) for each in page)
            if len(listed) > MOST_REPOSITORIES:
                raise HostError(
                    f"The host lists more than {MOST_REPOSITORIES:,} repositories, the most of one"
                    " import. Import parts of it."
                )
    return listed


def _apply(
    row: Import,
    listed: Mapping[str, Listed],
    lease: Lease,
    request_indexes: RequestIndexes,
) -> datetime:
    """Make the import's repositories those that are listed; returns when to ask again."""
    wanted = {key: each for key, each in listed.items() if keeps(row, each)}
    names = sorted(each.full_name for each in wanted.values())[:NAMES_SHOWN]
    Import.objects.filter(pk=row.pk).update(listed=len(listed), kept=len(wanted), names=names)
    if not row.started:
        return _later()
    access = imports.access_to(row.host)
    known = set(row.repositories.values_list("host_id", flat=True))
    notices = set()
    for batch in batched((each for key, each in wanted.items() if key not in known), BATCH):
        lease.progress()
        notices.add(_register(row, access, batch, request_indexes))
    _rename(row, access, wanted)
    is_unsettled = _remove_missing(row, wanted, lease)
    Import.objects.filter(pk=row.pk).update(notice=" ".join(filter(None, sorted(notices))))
    return timezone.now() + attempts.SOON if is_unsettled else _later()


@transaction.atomic
def _register(
    row: Import, access: Access, batch: Iterable[Listed], request_indexes: RequestIndexes
) -> str:
    """Register new repositories; returns what its owner should know of that."""
    owner = row.host.owner
    taken = _TakenNames(row)
    links, wanted = [], []
    for each in batch:
        link = ImportedRepository(source=row, host_id=each.id, full_name=each.full_name)
        remote = _remote(access, each)
        if isinstance(remote, str):
            link.problem = remote
            links.append(link)
        else:
            wanted.append((link, remote))
    room = repositories.room(owner)
    left_out, wanted = wanted[room:], wanted[:room]
    made = repositories.register_all(
        [Imported(taken.choose(link), remote) for link, remote in wanted],
        owner=owner,
        by=None,
        credential=credentials.encrypt(access.credential),
        visibility=Visibility.PRIVATE if row.follows_host else row.visibility,
        teams=[row.team] if row.team else [],
        source=str(row),
        branch_patterns=row.branch_patterns,
        tag_patterns=row.tag_patterns,
    )
    for (link, _), repository in zip(wanted, made, strict=True):
        link.repository = repository
        links.append(link)
    ImportedRepository.objects.bulk_create(links)
    PermissionSync.objects.filter(source=row).update(due=Now())
    request_indexes(Branch.objects.filter(repository__in=made))
    if not left_out:
        return ""
    return (
        "Not all repositories were imported: you have as many as a user can have. Remove some, or"
        " ask your administrator to raise the limit."
    )


class _TakenNames:
    """Chooses names that the owner of an import has not used."""

    def __init__(self, row: Import) -> None:
        owned = Repository.objects.filter(owner=row.host.owner)
        self._taken = set(owned.values_list("name", flat=True))

    def choose(self, link: ImportedRepository) -> str:
        """`shop` for `acme/tools/shop`, or else `acme-tools-shop`, or that with the host's id."""
        path = link.full_name.replace("/", "-")
        for name in (link.full_name.rpartition("/")[2], path, f"{path[:80]}-{link.host_id[:19]}"):
            if name and len(name) <= remotes.LONGEST_NAME and name not in self._taken:
                self._taken.add(name)
                return name
        name = str(uuid.uuid4())
        self._taken.add(name)
        return name


def _remote(access: Access, listed: Listed) -> Remote | str:
    """Where a repository is cloned from; or why it is not. The token goes to the host alone that it
    was given for, whatever the host says."""
    try:
        remote = remotes.parse(listed.clone_url)
    except remotes.RefusedRemote as refusal:
        return f"The host names a clone URL that is refused: {refusal}"
    if http.origin(remote.address) != http.origin(access.url):
        return "The host names a clone URL of another host, which does not get the token."
    return remote


def _rename(row: Import, access: Access, wanted: Mapping[str, Listed]) -> None:
    """Follow repositories that have another name or address at the host. Names here stay."""
    links, moved = [], []
    for link in row.repositories.select_related("repository").exclude(repository=None):
        each = wanted.get(link.host_id)
        if each is None or link.repository is None:
            continue
        remote = _remote(access, each)
        if link.full_name != each.full_name:
            link.full_name = each.full_name
            links.append(link)
        if isinstance(remote, Remote) and link.repository.url != remote.address:
            link.repository.url = remote.address
            moved.append(link.repository)
    ImportedRepository.objects.bulk_update(links, ["full_name"], batch_size=BATCH)
    Repository.objects.bulk_update(moved, ["url"], batch_size=BATCH)


def _remove_missing(row: Import, wanted: Mapping[str, Listed], lease: Lease) -> bool:
    """Remove what has been missing before; whether the host should be asked again soon."""
    links = row.repositories.all()
    links.filter(host_id__in=wanted.keys()).exclude(missing=None).update(missing=None)
    if not wanted:
        return False
    gone = links.exclude(host_id__in=wanted.keys())
    gone.filter(repository=None).delete()
    removable = list(gone.exclude(missing=None).select_related("repository__owner").order_by("pk"))
    newly_missing = gone.filter(missing=None).update(missing=Now())
    free = max(FREE_REMOVALS, int(FREE_SHARE * links.count()))
    if len(removable) > max(free, row.confirmed):
        Import.objects.filter(pk=row.pk).update(held=len(removable), confirmed=0)
        return bool(newly_missing)
    for link in removable[:REMOVED_AT_ONCE]:
        lease.progress()
        _remove(link)
    left = len(removable) - REMOVED_AT_ONCE
    Import.objects.filter(pk=row.pk).update(held=0, confirmed=max(0, left))
    return bool(newly_missing) or left > 0


@transaction.atomic
def _remove(link: ImportedRepository) -> None:
    if link.repository:
        repositories.remove(link.repository, by=None)
    link.delete()


def _later() -> datetime:
    return attempts.later(settings.CODEINDEX_IMPORT_MINUTES)

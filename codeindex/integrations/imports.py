"""Code hosts and imports: added, started, confirmed and removed by those who may.

An import's work is done by `syncing`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, Group, User
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from codeindex import audit, credentials
from codeindex.audit import Change
from codeindex.ingestion.cloning import remotes
from codeindex.integrations.listings import Access
from codeindex.integrations.readers import DIRECTORIES
from codeindex.models import (
    CodeHost,
    HostKind,
    HostReader,
    Import,
    ImportedRepository,
    PermissionSync,
    Repository,
    Visibility,
)
from codeindex.repositories import check_patterns

MOST_PER_USER = 50
"""Code hosts of a user, and imports from one."""

MOST_FILTERS = 100
NAMESPACE = re.compile(r"[\w.~-]+(?:/[\w.~-]+)*")
TOKEN = re.compile(r"[\x21-\x7e]{0,4096}")


@dataclass(frozen=True, slots=True)
class Filters:
    """Which repositories of a namespace are imported: all that have one of the topics, if there are
    any, and whose names match the patterns: one of those without `!`, if there are any, and none of
    those with it."""

    archived: bool = False
    forks: bool = False
    topics: Sequence[str] = ()
    patterns: Sequence[str] = ()


def is_allowed(user: User | AnonymousUser) -> bool:
    """Whether `user` may import."""
    return user.is_superuser or settings.CODEINDEX_IMPORTS_BY == "everyone"


def hosts_of(user: User) -> QuerySet[CodeHost]:
    """The code hosts that `user` may use and change: their own; an administrator's are all."""
    rows = CodeHost.objects.select_related("owner")
    return rows if user.is_superuser else rows.filter(owner=user)


def imports_of(user: User | AnonymousUser) -> QuerySet[Import]:
    rows = Import.objects.select_related("host__owner", "team", "permission_sync")
    if not user.is_authenticated:
        return rows.none()
    return rows if user.is_superuser else rows.filter(host__owner=user)


@transaction.atomic
def add_host(
    owner: User, *, kind: str, url: str, name: str = "", username: str = "", token: str = ""
) -> CodeHost:
    """A code host at a web address such as https://gitlab.example.org. Raises `ValidationError` by
    field."""
    User.objects.select_for_update(no_key=True).get(pk=owner.pk)
    if CodeHost.objects.filter(owner=owner).count() >= MOST_PER_USER:
        reason = f"You already have {MOST_PER_USER} code hosts. Remove one of them first."
        raise ValidationError({NON_FIELD_ERRORS: [reason]})
    address = _checked_url(url)
    host = CodeHost.objects.create(
        owner=owner,
        kind=HostKind(kind),
        name=name.strip() or urlsplit(address).netloc,
        url=address,
        username=username.strip(),
        token=credentials.encrypt(_checked_token(token)),
    )
    audit.record(Change.CODE_HOST_ADDED, str(host), by=owner, details=address)
    return host


@transaction.atomic
def change_token(host: CodeHost, token: str, *, by: User) -> None:
    """Ask and clone with another token from now on; imports that failed are tried at once. Raises
    `ValidationError` by field."""
    host.token = credentials.encrypt(_checked_token(token))
    host.save(update_fields=["token"])
    Repository.objects.filter(imported__source__host=host).update(
        credential=credentials.encrypt(access_to(host).credential)
    )
    Import.objects.filter(host=host).exclude(error="").update(due=Now(), failures=0)
    _ask_for_readers(PermissionSync.objects.filter(source__host=host))
    audit.record(Change.CODE_HOST_CHANGED, str(host), by=by, details="token")


@transaction.atomic
def remove_host(host: CodeHost, *, by: User) -> None:
    """Remove a code host with its imports. Their repositories stay registered."""
    audit.record(Change.CODE_HOST_REMOVED, str(host), by=by, details=host.url)
    host.delete()


def access_to(host: CodeHost) -> Access:
    """Raises `UnreadableCredential`."""
    return Access(HostKind(host.kind), host.url, credentials.decrypt(host.token), host.username)


@transaction.atomic
def add_import(
    host: CodeHost,
    namespace: str,
    filters: Filters,
    *,
    visibility: str = Visibility.PRIVATE,
    team: Group | None = None,
    follows_host: bool = False,
    branches: Sequence[str] = (),
    tags: Sequence[str] = (),
    by: User,
) -> Import:
    """An import that a worker previews, and that waits to be started. If it `follows_host`, who may
    read a repository there may find it here, and `visibility` is that of repositories which are
    public there. Besides its default branch, what matches the patterns of `branches` and `tags` is
    indexed of each. Raises `ValidationError` by field."""
    CodeHost.objects.select_for_update(no_key=True).get(pk=host.pk)
    namespace = namespace.strip().strip("/")
    if not NAMESPACE.fullmatch(namespace) or len(namespace) > 300:
        raise ValidationError(
            {"namespace": ["Enter the name of an organisation, a group or a user as in its URL."]}
        )
    if host.imports.filter(namespace__iexact=namespace).exists():
        raise ValidationError({"namespace": [f"{namespace} is already imported from this host."]})
    if host.imports.count() >= MOST_PER_USER:
        reason = f"This code host already has {MOST_PER_USER} imports. Remove one of them first."
        raise ValidationError({NON_FIELD_ERRORS: [reason]})
    for field in ("topics", "patterns"):
        if len(getattr(filters, field)) > MOST_FILTERS:
            raise ValidationError({field: [f"There may be at most {MOST_FILTERS}."]})
    check_patterns(branches, "branches")
    check_patterns(tags, "tags")
    added = Import.objects.create(
        host=host,
        namespace=namespace,
        archived=filters.archived,
        forks=filters.forks,
        topics=[topic.lower() for topic in filters.topics],
        patterns=list(filters.patterns),
        branch_patterns=list(branches),
        tag_patterns=list(tags),
        visibility=visibility,
        team=team,
    )
    audit.record(Change.IMPORT_ADDED, str(added), by=by)
    if follows_host:
        follow_host(added, True, by=by)
    return added


@transaction.atomic
def follow_host(row: Import, follows: bool, *, by: User) -> None:
    """Let who may read its repositories at the code host find them here, or no longer. Either way
    they are private until the host has said who may read them. Raises `ValidationError` by field
    for a host that does not say it."""
    if follows == row.follows_host:
        return
    if follows and row.host.kind not in DIRECTORIES:
        reason = f"Visibility cannot follow {row.host.get_kind_display()}."
        raise ValidationError({"follows_host": [reason]})
    if follows:
        PermissionSync.objects.create(source=row)
    else:
        row.permission_sync.delete()
    HostReader.objects.filter(imported__source=row).delete()
    row.repositories.update(readers_asked=None, readers_known=None, public_at_host=False)
    imported = Repository.objects.filter(imported__source=row)
    imported.update(visibility=Visibility.PRIVATE)
    what = "visibility follows the code host" if follows else "visibility is set by hand"
    audit.record(Change.IMPORT_CHANGED, str(row), by=by, details=what)
    row.refresh_from_db()


@transaction.atomic
def start(row: Import, *, by: User) -> None:
    """Import what the preview says, and keep it as it is at the host; or ask the host now, if the
    import was started before."""
    Import.objects.filter(pk=row.pk).update(started=True, due=Now(), failures=0)
    _ask_for_readers(PermissionSync.objects.filter(source=row))
    if not row.started:
        audit.record(Change.IMPORT_STARTED, str(row), by=by)


@transaction.atomic
def confirm(row: Import, *, by: User) -> None:
    """Let the next synchronisation remove as many repositories as are held now."""
    if Import.objects.filter(pk=row.pk, held__gt=0).update(confirmed=F("held"), due=Now()):
        audit.record(Change.IMPORT_CONFIRMED, str(row), by=by, details=f"{row.held} repositories")


@transaction.atomic
def remove_import(row: Import, *, by: User) -> None:
    """Stop importing. The repositories stay registered."""
    audit.record(Change.IMPORT_REMOVED, str(row), by=by)
    row.delete()


def _ask_for_readers(rows: QuerySet[PermissionSync]) -> None:
    """Ask the code hosts next who may read each of the repositories."""
    ImportedRepository.objects.filter(source__permission_sync__in=rows).update(readers_asked=None)
    rows.update(due=Now(), failures=0)


def _checked_url(url: str) -> str:
    """The web address of a code host, without a path that it does not need."""
    try:
        remote = remotes.parse(url.strip())
    except remotes.RefusedRemote as refusal:
        raise ValidationError({"url": [str(refusal)]}) from refusal
    if remote.scheme not in ("http", "https") or remote.credential:
        raise ValidationError(
            {"url": ["Enter the web address of the code host, such as https://gitlab.example.org."]}
        )
    if len(remote.address) > 300:
        raise ValidationError({"url": ["The address is too long."]})
    return remote.address.rstrip("/")


def _checked_token(token: str) -> str:
    if not TOKEN.fullmatch(token.strip()):
        raise ValidationError({"token": ["A token has no spaces and only ASCII characters."]})
    return token.strip()

"""Doubts about names that somebody has dismissed. Each change is recorded in its transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser, User
from django.db import transaction
from django.db.models import QuerySet

from codeindex import audit
from codeindex.audit import Change
from codeindex.models import Definition, NameDismissal, Repository, SourceFile

MOST_REASON = 200
"""Characters."""

MOST = 20_000
"""Of a repository."""


class TooMany(Exception):
    def __init__(self) -> None:
        super().__init__(f"This repository has {MOST:,} dismissals: take some of them back.")


@dataclass(frozen=True, slots=True)
class Named:
    """A name in a file, and the hash of its text (`Text.hash`)."""

    path: str
    qualified_name: str
    text_hash: str


def managed_by(user: User | AnonymousUser) -> QuerySet[NameDismissal]:
    """Those that `user` may see and take back, the latest first."""
    managed = Repository.objects.managed_by(user)
    return NameDismissal.objects.filter(repository__in=managed).select_related("dismissed_by")


@transaction.atomic
def dismiss(
    repository: Repository, definition: int, *, reason: str = "", by: User
) -> NameDismissal:
    """Dismiss the doubt about the name of a definition of a live file. Doing so again changes the
    reason. Raises `Definition.DoesNotExist` if the repository has no such definition, and
    `TooMany`."""
    Repository.objects.select_for_update(no_key=True).get(pk=repository.pk)
    named = _named(repository, definition)
    if repository.dismissed_names.count() >= MOST:
        raise TooMany
    row, _ = NameDismissal.objects.update_or_create(
        repository=repository,
        text_hash=named.text_hash,
        defaults={
            "path": named.path,
            "qualified_name": named.qualified_name,
            "reason": reason,
            "dismissed_by": by,
        },
    )
    _record(Change.NAME_DISMISSED, row, by)
    return row


@transaction.atomic
def take_back(dismissal: NameDismissal, *, by: User) -> None:
    """List the name again."""
    _record(Change.NAME_DOUBTED_AGAIN, dismissal, by)
    dismissal.delete()


def dismissed(repository: int, names: Sequence[Named]) -> set[Named]:
    """Those of the names that are dismissed for a repository, by their text, or by their path and
    name."""
    rows = NameDismissal.objects.filter(repository=repository)
    by_text = rows.filter(text_hash__in=[each.text_hash for each in names])
    by_name = rows.filter(path__in={each.path for each in names})
    texts = set(by_text.values_list("text_hash", flat=True))
    places = set(by_name.values_list("path", "qualified_name"))
    return {
        each
        for each in names
        if each.text_hash in texts or (each.path, each.qualified_name) in places
    }


def _named(repository: Repository, definition: int) -> Named:
    files = SourceFile.objects.live().filter(
        branch__repository=repository, blob__definitions=definition
    )
    path = files.order_by("branch", "path").values_list("path", flat=True).first()
    if path is None:
        raise Definition.DoesNotExist
    rows = Definition.objects.values_list("qualified_name", "text__hash")
    return Named(path, *rows.get(pk=definition))


def _record(change: Change, dismissal: NameDismissal, by: User) -> None:
    named = f"{dismissal.repository.full_name}:{dismissal.path} {dismissal.qualified_name}"
    audit.record(change, named, by=by, details=dismissal.reason)

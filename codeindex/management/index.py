"""Shared by commands that work on an existing index: its services, and the choice of
repositories."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.contrib.auth.models import User
from django.core.management import CommandError
from django.db import ProgrammingError

from codeindex.local_services import ensure_services
from codeindex.local_services.state import CannotStart
from codeindex.models import Repository, RepositoryQuerySet

ADMINISTRATOR = User(is_superuser=True)
"""Sees everything. Not a row of the database."""


@contextmanager
def existing_index() -> Iterator[None]:
    """Makes the services available for the block. Raises CommandError if they cannot be started, or
    if there are no tables yet."""
    try:
        with ensure_services():
            yield
    except CannotStart as error:
        raise CommandError(str(error)) from error
    except ProgrammingError as error:
        raise CommandError(
            "Nothing has been indexed yet: the database has no tables. Start `make run` or use"
            " `manage.py index` first."
        ) from error


def repositories_called(names: Sequence[str]) -> RepositoryQuerySet:
    """The repositories with these names (or owner/name); all if `names` is empty. Raises
    CommandError for an unknown name."""
    every = Repository.objects.all()
    chosen: set[int] = set()
    for name in names:
        matches = every.called(name).values_list("pk", flat=True)
        if not matches:
            raise CommandError(f"Repository {name} does not exist.")
        chosen.update(matches)
    return every.filter(pk__in=chosen) if names else every

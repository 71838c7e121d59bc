"""What commands that read or change an index share: that there is one, which repositories of it are
meant, and who may see them all."""

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
"""Sees everything, and need not be in the database."""


@contextmanager
def existing_index() -> Iterator[None]:
    """The services answer while the block runs, and the tables are there; CommandError: not so."""
    try:
        with ensure_services():
            yield
    except CannotStart as error:
        raise CommandError(str(error)) from error
    except ProgrammingError as error:
        raise CommandError(
            "Nothing is indexed yet: the database has no tables. `make run` and `manage.py index`"
            " make them."
        ) from error


def repositories_called(names: Sequence[str]) -> RepositoryQuerySet:
    """The repositories of these names (or owner/name), all if there are none; CommandError: one of
    the names is nobody's."""
    every = Repository.objects.all()
    chosen: set[int] = set()
    for name in names:
        found = every.called(name).values_list("pk", flat=True)
        if not found:
            raise CommandError(f"There is no repository {name}.")
        chosen.update(found)
    return every.filter(pk__in=chosen) if names else every

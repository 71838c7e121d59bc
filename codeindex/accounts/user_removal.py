"""Transfers or removes the repositories of a user who is to be removed."""

from __future__ import annotations

import logging

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction

from codeindex import repositories
from codeindex.models import Repository

logger = logging.getLogger(__name__)


@transaction.atomic
def transfer_repositories(user: User, new_owner: User) -> int:
    """Makes `new_owner` the owner of all repositories of `user`; returns how many. Indexes, teams
    and the credentials of clone URLs stay. Raises `ValidationError` if both own a repository of the
    same name."""
    owned = Repository.objects.select_for_update().filter(owner=user)
    names = owned.values_list("name", flat=True)
    shared = Repository.objects.filter(owner=new_owner, name__in=list(names)).order_by("name")
    if listed := ", ".join(shared.values_list("name", flat=True)):
        raise ValidationError(
            f"{new_owner.get_username()} already owns repositories of the same name: {listed}."
            " Rename or remove them first."
        )
    count = owned.update(owner=new_owner)
    logger.info("repositories transferred from %r to %r: %d", str(user), str(new_owner), count)
    return count


def remove_repositories(user: User) -> int:
    """Removes each repository as its owner would; returns how many."""
    owned = list(Repository.objects.filter(owner=user))
    for repository in owned:
        repositories.remove(repository)
    logger.info("repositories of %r removed: %d", str(user), len(owned))
    return len(owned)

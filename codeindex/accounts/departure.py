"""What becomes of the repositories of a user who is to be removed."""

from __future__ import annotations

import logging

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction

from codeindex import repositories
from codeindex.models import Repository

logger = logging.getLogger(__name__)


@transaction.atomic
def hand_over(leaver: User, heir: User) -> int:
    """Makes `heir` the owner of all repositories of `leaver`; returns how many. Indexes, teams and
    the credentials of clone URLs stay. Raises `ValidationError` where both own one of a name."""
    owned = Repository.objects.select_for_update().filter(owner=leaver)
    names = owned.values_list("name", flat=True)
    shared = Repository.objects.filter(owner=heir, name__in=list(names)).order_by("name")
    if listed := ", ".join(shared.values_list("name", flat=True)):
        raise ValidationError(
            f"{heir.get_username()} already owns repositories of the same name: {listed}."
            " Rename or remove these first."
        )
    count = owned.update(owner=heir)
    logger.info("%d repositories of %r were handed over to %r", count, str(leaver), str(heir))
    return count


def remove_repositories(leaver: User) -> int:
    """Removes them one by one, as their owner would; returns how many."""
    owned = list(Repository.objects.filter(owner=leaver))
    for repository in owned:
        repositories.remove(repository)
    logger.info("%d repositories of %r were removed", len(owned), str(leaver))
    return len(owned)

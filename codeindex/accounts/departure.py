"""What happens to the repositories of a user who is to be removed."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction

from codeindex import audit, repositories
from codeindex.audit import Change
from codeindex.models import Repository


@transaction.atomic
def hand_over(leaver: User, heir: User, *, by: User | None) -> int:
    """Makes `heir` the owner of all repositories of `leaver`; returns their number. Indexes, teams
    and credentials stay. Raises `ValidationError` where both own a repository of the same name."""
    owned = Repository.objects.select_for_update(of=("self",)).filter(owner=leaver)
    names = owned.values_list("name", flat=True)
    shared = Repository.objects.filter(owner=heir, name__in=list(names)).order_by("name")
    if listed := ", ".join(shared.values_list("name", flat=True)):
        raise ValidationError(
            f"{heir.get_username()} already owns repositories of the same name: {listed}."
            " Rename or remove these first."
        )
    new_owner = f"to {heir.get_username()!r}"
    for repository in owned.select_related("owner"):
        audit.record(Change.REPOSITORY_HANDED_OVER, repository.full_name, by=by, details=new_owner)
    return owned.update(owner=heir)


def remove_repositories(leaver: User, *, by: User | None) -> int:
    """Removes them one by one, as their owner would; returns their number."""
    owned = list(Repository.objects.filter(owner=leaver).select_related("owner"))
    for repository in owned:
        repositories.remove(repository, by=by)
    return len(owned)

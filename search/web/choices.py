"""The repositories that the search form offers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser, User

from codeindex.models import Repository


@dataclass(frozen=True, slots=True)
class Choice:
    """`value` is what a search takes; `label` omits the owner where the name is unique."""

    value: str
    label: str


def repository_choices(user: User | AnonymousUser) -> list[Choice]:
    """The repositories that `user` may see and that have a live index, by name."""
    searchable = Repository.objects.visible_to(user).filter(branches__live_run__isnull=False)
    rows = list(
        searchable.distinct()
        .order_by("name", "owner__username")
        .values_list("owner__username", "name")
    )
    count = Counter(name for _, name in rows)
    return [
        Choice(f"{owner}/{name}", name if count[name] == 1 else f"{owner}/{name}")
        for owner, name in rows
    ]

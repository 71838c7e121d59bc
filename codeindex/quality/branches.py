"""The branches that a reader's figures are of."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib.auth.models import AnonymousUser, User

from codeindex.models import Branch, Repository


def readable(user: User | AnonymousUser, repository: Repository | None = None) -> Sequence[int]:
    """The first indexed branch of each repository that `user` may see, or of one of them: other
    branches have nearly all code in common with it."""
    visible = Repository.objects.visible_to(user)
    if repository is not None:
        visible = visible.filter(pk=repository.pk)
    indexed = Branch.objects.filter(repository__in=visible, live_run__isnull=False)
    first = indexed.order_by("repository", "pk").distinct("repository")
    return list(first.values_list("pk", flat=True))

"""The searches that a user made last on the page. Nobody else sees them."""

from __future__ import annotations

import hashlib

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.db import transaction
from django.db.models.functions import Now

from codeindex import audit
from codeindex.audit import Change
from codeindex.models import RecentSearch

MOST_KEPT = 50
MOST_CHARACTERS = 8_190
"""Of a query string; the web server takes no longer ones."""


def are_kept() -> bool:
    """Whether the text of searches may be kept at all."""
    return bool(settings.CODEINDEX_AUDIT_TEXT == "keep")


@transaction.atomic
def note(user: User | AnonymousUser, asked: str, text: str) -> None:
    """`user` has searched by the query string `asked`, in which the query is `text`. The oldest
    ones beyond MOST_KEPT are forgotten."""
    if not isinstance(user, User) or not are_kept() or not 0 < len(asked) <= MOST_CHARACTERS:
        return
    digest = hashlib.sha256(asked.encode()).hexdigest()
    RecentSearch.objects.update_or_create(
        user=user, digest=digest, defaults={"asked": asked, "text": text, "at": Now()}
    )
    kept = RecentSearch.objects.filter(user=user).order_by("-at", "-pk")
    RecentSearch.objects.filter(pk__in=list(kept.values_list("pk", flat=True)[MOST_KEPT:])).delete()


def latest(user: User | AnonymousUser, most: int = MOST_KEPT) -> list[RecentSearch]:
    return list(RecentSearch.objects.filter(user=user)[:most]) if isinstance(user, User) else []


@transaction.atomic
def clear(user: User) -> None:
    RecentSearch.objects.filter(user=user).delete()
    audit.record(Change.RECENT_SEARCHES_CLEARED, user.get_username(), by=user)

"""Imports whose visibility follows a fake code host, and users whom single sign-on has verified."""

from __future__ import annotations

from typing import Any

from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import AnonymousUser, User
from django.utils import timezone

from codeindex.integrations import permissions
from codeindex.models import (
    Import,
    ImportedRepository,
    PermissionSync,
    Repository,
    SignOnIdentity,
)
from tests.codeindex.integrations.fake_hosts import Fake, Person
from tests.codeindex.integrations.importing import importing, sync

PROVIDER = "https://id.example.org/realms/staff"

BOB = Person(7, "bobby", "bob@example.org")
CHARLIE = Person(8, "charles", "charlie@example.org")


def verified(user: User, email: str = "", uid: str = "", provider: str = PROVIDER) -> None:
    account = SocialAccount.objects.create(user=user, provider="oidc", uid=uid or f"sub-{user.pk}")
    SignOnIdentity.objects.create(account=account, provider=provider, email=email)


def ask(row: Import) -> PermissionSync:
    """Ask the code host who may read the repositories of an import, all of them."""
    ImportedRepository.objects.filter(source=row).update(readers_asked=None)
    PermissionSync.objects.filter(source=row).update(due=timezone.now())
    assert permissions.sync_next()
    state = PermissionSync.objects.get(source=row)
    assert state.lease is None
    return state


def seen(user: User | AnonymousUser) -> list[str]:
    return sorted(Repository.objects.visible_to(user).values_list("name", flat=True))


def following(fake: Fake, owner: User, **more: Any) -> Import:
    return sync(importing(fake, owner, follows_host=True, **more))

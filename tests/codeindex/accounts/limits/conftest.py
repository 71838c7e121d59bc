from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group, User

from codeindex.accounts.limits import counts
from tests import shelf
from tests.codeindex.accounts.limits.clients import (
    SECRET,
)
from tests.shelf import Written


@pytest.fixture(autouse=True)
def counted_anew(services: object, settings: Any) -> None:
    """Nothing is counted yet."""
    counts.shared_store(settings.CELERY_BROKER_URL).reset()
    counts.own_store().reset()


@pytest.fixture
def shop(alice: User, team: Group) -> None:
    made = shelf.repository(alice, "shop", teams=[team])
    shelf.put(made, "load.py", Written("def load(csv): ...", "load"))


@pytest.fixture
def with_password(alice: User, bob: User) -> None:
    for user in (alice, bob):
        user.set_password(SECRET)
        user.is_staff = True
        user.save()

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, User

from tests import shelf
from tests.codeindex.accounts.limits.clients import (
    SECRET,
)
from tests.shelf import Written


@pytest.fixture(autouse=True)
def always_counted_anew(counted_anew: None) -> None:
    pass


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

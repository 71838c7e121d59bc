from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import Group, User

from codeindex import repositories, tasks
from codeindex.models import IndexRun, Repository
from tests.git import GitRepository


@pytest.fixture
def team(db: None) -> Group:
    return Group.objects.create(name="team")


@pytest.fixture
def alice(team: Group) -> User:
    """Owns what is registered."""
    user = User.objects.create_user("alice")
    user.groups.add(team)
    return user


@pytest.fixture
def bob(team: Group) -> User:
    """Is on Alice's team."""
    user = User.objects.create_user("bob")
    user.groups.add(team)
    return user


@pytest.fixture
def charlie(db: None) -> User:
    """Is a stranger."""
    return User.objects.create_user("charlie")


@pytest.fixture
def source(tmp_path: Path) -> GitRepository:
    return GitRepository.made(tmp_path / "shop")


@pytest.fixture
def registered(alice: User, source: GitRepository) -> Repository:
    """Alice's repository of `source`, private."""
    return repositories.register(url=str(source.path), owner=alice, trusted_path=True)


@pytest.fixture
def requested() -> Callable[[Repository], IndexRun]:
    return lambda repository: tasks.request_index(repository=repository)

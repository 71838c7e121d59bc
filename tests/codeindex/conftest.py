from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from codeindex import repositories, tasks
from codeindex.models import IndexRun, Repository
from tests.git import GitRepository


@pytest.fixture
def source(tmp_path: Path) -> GitRepository:
    return GitRepository.made(tmp_path / "shop")


@pytest.fixture
def registered(alice: User, source: GitRepository) -> Repository:
    """Alice's repository of `source`, private."""
    return repositories.register(url=str(source.path), owner=alice, by=alice, trusted_path=True)


@pytest.fixture
def requested() -> Callable[[Repository], IndexRun]:
    return lambda repository: tasks.request_index(repository=repository, by=None)

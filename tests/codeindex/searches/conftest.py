from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User

from codeindex.ingestion import publishing
from codeindex.models import IndexRun, Repository, RunStatus, SavedSearch
from codeindex.searches import alerts, saved
from search import new_code
from tests import shelf
from tests.shelf import Written

Publish = Callable[..., IndexRun]


@pytest.fixture
def shop(alice: User, team: Any) -> Repository:
    made = shelf.repository(alice, "shop", teams=[team])
    shelf.put(made, "old.py", Written("def load_csv(): return 1", "load_csv"))
    return made


@pytest.fixture
def publish() -> Publish:
    """Publishes a run of a repository that adds files, each with one definition, and replaces
    others."""

    def run(repository: Repository, *, replaces: tuple[str, ...] = (), **files: str) -> IndexRun:
        branch = repository.branches.get()
        made = IndexRun.objects.create(
            branch=branch, status=RunStatus.EMBEDDING, commit="beef" * 10
        )
        for stem, source in files.items():
            name = source.partition("def ")[2].partition("(")[0]
            file, _ = shelf.put(repository, f"{stem}.py", Written(source, name), live=False)
            file.from_run = made
            file.save()
        branch.source_files.filter(path__in=replaces, live=True).update(until_run=made)
        publishing.settle(made)
        made.refresh_from_db()
        assert made.finished
        return made

    return run


def save(owner: User, asked: str, name: str = "csv", *, mail: bool = False) -> SavedSearch:
    return saved.save(owner, name, asked, alerts=True, mail=mail)


def compare() -> dict[str, list[str]]:
    """Compares what waits; the paths that each search was alerted to."""
    while alerts.compare_next(new_code.matches):
        pass
    return {
        search.name: [
            match["path"] for alert in search.alerts.order_by("pk") for match in alerts.shown(alert)
        ]
        for search in SavedSearch.objects.all()
    }

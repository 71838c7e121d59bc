"""Runs that fail, are cancelled, or lose their worker or their repository."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from codeindex import leases, repositories, tasks
from codeindex.ingestion import pipeline, runs, store
from codeindex.ingestion.selection import sources
from codeindex.leases import Lease
from codeindex.models import (
    IndexRun,
    Repository,
    RunStatus,
    SourceFile,
    Space,
)
from tests.codeindex.ingestion.running import encode_everything, indexed, live
from tests.codeindex.ingestion.test_pipeline import SHOP
from tests.git import GitRepository

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: Any) -> None:
    settings.CODEINDEX_HOME = tmp_path / "home"


def test_a_failed_run_says_why_and_leaves_what_was_searchable(
    source: GitRepository, registered: Repository, space: Space
) -> None:
    source.commit({"a.py": "def a(): return 1\n"})
    indexed(registered)
    encode_everything()
    source.path.rename(source.path.with_name("gone"))
    run = indexed(registered)
    assert run.status == RunStatus.FAILED
    assert run.error == "There is no git repository at this address."
    assert live(registered) == {"a.py": "def a(): return 1\n"}
    assert tasks.request_index(repository=registered, by=None) != run


def test_a_cancelled_run_writes_nothing_more(
    source: GitRepository, registered: Repository, space: Space
) -> None:
    source.commit({"a.py": "def a(): return 1\n"})
    run = tasks.request_index(repository=registered, by=None)
    taken = pipeline.claim(run.pk)
    assert runs.cancel(run, by=None)
    with pytest.raises(leases.LostLease):
        store.record_selection(taken, [], sources.Skips())
    assert not runs.cancel(run, by=None)
    assert not pipeline.index(run.pk)


def test_cancelling_a_re_index_keeps_the_old_index(
    source: GitRepository, registered: Repository, space: Space
) -> None:
    source.commit({"a.py": "def a(): return 1\n"})
    indexed(registered)
    encode_everything()
    source.commit({"a.py": "def b(): return 1\n", "c.py": "def c(): return 1\n"})
    run = indexed(registered)
    assert runs.cancel(run, by=None)
    assert live(registered) == {"a.py": "def a(): return 1\n"}
    assert not SourceFile.objects.filter(live=False).exists()
    encode_everything()
    source.commit({"d.py": "def d(): return 1\n"})
    again = indexed(registered)
    encode_everything()
    again.refresh_from_db()
    assert again.status == RunStatus.PUBLISHED
    assert set(live(registered)) == {"a.py", "c.py", "d.py"}


def test_a_run_that_is_worked_on_is_not_taken_twice(
    source: GitRepository, registered: Repository, space: Space
) -> None:
    run = tasks.request_index(repository=registered, by=None)
    assert pipeline.claim(run.pk)
    assert pipeline.claim(run.pk) is None


def test_a_run_whose_worker_died_is_taken_up_and_ends_complete(
    source: GitRepository, registered: Repository, space: Space
) -> None:
    source.commit({"a.py": SHOP, "b.py": "def b(): return 1\n"})
    run = tasks.request_index(repository=registered, by=None)
    dead = pipeline.claim(run.pk)
    tree = pipeline.checkout.fetch(dead, Lease())
    selection = sources.select(tree.entries())
    files = selection.files
    store.record_selection(dead, files, selection.skips)
    store.save_batch(dead, *next(pipeline._read_ahead(tree, files[:1], Lease())))
    IndexRun.objects.filter(pk=run.pk).update(leased_until="2000-01-01T00:00Z")

    assert pipeline.index(run.pk)
    run.refresh_from_db()
    assert run.status == RunStatus.PUBLISHED
    assert (run.files_read, run.definitions) == (2, 5)
    assert sorted(live(registered)) == ["a.py", "b.py"]
    with pytest.raises(leases.LostLease):
        store.save_batch(dead, files[1:], [])


def test_a_removed_repository_takes_its_running_run_with_it(
    source: GitRepository, registered: Repository, space: Space
) -> None:
    run = tasks.request_index(repository=registered, by=None)
    taken = pipeline.claim(run.pk)
    repositories.remove(registered, by=None)
    with pytest.raises(leases.LostLease):
        store.record_selection(taken, [], sources.Skips())

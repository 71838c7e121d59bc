"""Nobody waits for another one: whose repository is read next, and whose texts are encoded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

from codeindex import repositories, tasks
from codeindex.ingestion import pipeline, runs, scheduling
from codeindex.ingestion.scheduling import Lane
from codeindex.models import Branch, Embedding, IndexRun, RunStatus, Space
from codeindex.spaces import lifecycle
from embeddings.types import READING_VERSION
from tests.codeindex.ingestion.test_embedding import TinyEncoder
from tests.git import GitRepository

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: Any) -> None:
    settings.CODEINDEX_HOME = tmp_path / "home"
    settings.CODEINDEX_RUNS_PER_OWNER = 1
    settings.CODEINDEX_FETCHES_PER_HOST = 1


def queued(owner: User, url: str) -> IndexRun:
    return tasks.request_index(
        repository=repositories.register(url=url, owner=owner, by=owner), by=None
    )


def test_one_owner_holds_no_more_processes_than_allowed(alice: User, bob: User) -> None:
    first = queued(alice, "https://one.example.org/a.git")
    queued(alice, "https://two.example.org/b.git")
    of_bob = queued(bob, "https://three.example.org/c.git")
    assert scheduling.startable_runs() == [first.pk, of_bob.pk]
    assert pipeline.claim_next() == first
    assert pipeline.claim_next() == of_bob
    assert pipeline.claim_next() is None


def indexed(run: IndexRun, reading: int = READING_VERSION) -> IndexRun:
    """The next run of the same branch, as if this one had been published."""
    IndexRun.objects.filter(pk=run.pk).update(status=RunStatus.PUBLISHED, reading=reading)
    Branch.objects.filter(pk=run.branch_id).update(live_run=run)
    return tasks.request_index(repository=run.branch.repository, by=None)


class TestUpdates:
    def test_do_not_wait_for_runs_of_whole_repositories(self, alice: User) -> None:
        update = indexed(queued(alice, "https://one.example.org/a.git"))
        whole = queued(alice, "https://one.example.org/b.git")
        held_back = queued(alice, "https://one.example.org/c.git")
        assert scheduling.startable_runs(Lane.UPDATES) == [update.pk]
        assert pipeline.claim_next(Lane.WHOLE) == whole
        assert pipeline.claim_next(Lane.WHOLE) is None
        assert pipeline.claim_next(Lane.UPDATES) == update
        scheduling.explain_waiting()
        held_back.refresh_from_db()
        assert held_back.error == scheduling.HELD_BACK

    def test_of_one_owner_take_turns(self, alice: User, bob: User) -> None:
        first = indexed(queued(alice, "https://one.example.org/a.git"))
        indexed(queued(alice, "https://two.example.org/b.git"))
        of_bob = indexed(queued(bob, "https://three.example.org/c.git"))
        assert scheduling.startable_runs(Lane.UPDATES) == [first.pk, of_bob.pk]

    def test_what_an_older_version_has_read_is_no_update(self, alice: User) -> None:
        run = indexed(queued(alice, "https://one.example.org/a.git"), READING_VERSION - 1)
        assert scheduling.startable_runs(Lane.UPDATES) == []
        assert scheduling.startable_runs(Lane.WHOLE) == [run.pk]

    def test_that_are_large_are_handed_over(
        self, alice: User, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings.CODEINDEX_LOCAL_ROOTS = [tmp_path]
        source = GitRepository.made(tmp_path / "shop")
        source.commit({"a.py": "def a(): ...\n"})
        first = queued(alice, str(source.path))
        assert pipeline.index_next()
        update = indexed(first)
        source.commit({f"{name}.py": f"def {name}(): ...\n" for name in "bcd"})
        monkeypatch.setattr(scheduling, "UPDATE_FILES", 2)
        assert pipeline.index_next(lane=Lane.UPDATES)
        update.refresh_from_db()
        assert (update.large, update.attempts, update.lease) == (True, 0, None)
        assert not pipeline.index_next(lane=Lane.UPDATES)
        assert pipeline.index_next()
        update.refresh_from_db()
        assert (update.status, update.files_read) == (RunStatus.EMBEDDING, 4)


def test_one_host_holds_no_more_processes_than_allowed_while_it_sends(
    alice: User, bob: User
) -> None:
    """By whatever form of its address, and only until everything has come."""
    slow = queued(alice, "https://slow.example.org/a.git")
    waits = queued(bob, "git@slow.example.org:b.git")
    assert pipeline.claim_next() == slow
    assert pipeline.claim_next() is None
    IndexRun.objects.filter(pk=slow.pk).update(status=RunStatus.DEFINITIONS)
    assert pipeline.claim_next() == waits


def test_a_run_that_is_held_back_says_why_until_it_is_taken(alice: User) -> None:
    first = queued(alice, "https://one.example.org/a.git")
    second = queued(alice, "https://two.example.org/b.git")
    assert pipeline.claim_next() == first
    scheduling.explain_waiting()
    second.refresh_from_db()
    assert (second.status, second.error) == (RunStatus.QUEUED, scheduling.HELD_BACK)
    assert runs.cancel(first, by=None)
    assert pipeline.claim_next() == second
    second.refresh_from_db()
    assert not second.error


def test_the_owner_of_the_fewest_runs_under_way_comes_first(
    alice: User, bob: User, settings: Any
) -> None:
    settings.CODEINDEX_RUNS_PER_OWNER = settings.CODEINDEX_FETCHES_PER_HOST = 10
    of_alice = [queued(alice, f"https://example.org/a{number}.git") for number in range(3)]
    assert pipeline.claim_next() == of_alice[0]
    of_bob = queued(bob, "https://example.org/b.git")
    assert [pipeline.claim_next() for _ in range(3)] == [of_bob, *of_alice[1:]]


def test_a_user_may_register_only_so_many_repositories(
    alice: User, bob: User, settings: Any
) -> None:
    settings.CODEINDEX_REPOSITORIES_PER_USER = 1
    queued(alice, "https://example.org/a.git")
    with pytest.raises(ValidationError, match="You have 1 repositories, the most that"):
        queued(alice, "https://example.org/b.git")
    queued(bob, "https://example.org/c.git")
    bob.is_superuser = True
    queued(bob, "https://example.org/d.git")


@pytest.fixture
def space() -> Space:
    return lifecycle.space_for(TinyEncoder())


@pytest.fixture
def read(tmp_path: Path, alice: User) -> Callable[..., IndexRun]:
    """Reads a repository of so many functions; the paths tell whose they are."""

    def read(name: str, functions: int, owner: User = alice) -> IndexRun:
        source = GitRepository.made(tmp_path / name)
        source.commit({f"{n}.py": f"def {name}{n}(): return {n}\n" for n in range(functions)})
        repository = repositories.register(
            url=str(source.path), owner=owner, by=owner, trusted_path=True
        )
        run = tasks.request_index(repository=repository, by=None)
        assert pipeline.index(run.pk)
        return run

    return read


def encoded(space: Space, count: int) -> str:
    """Whose texts the next batch has, by the first letters of their names."""
    with Embedding.objects.claimed(space, limit=count) as batch:
        stored = [embedding.pk for embedding in batch]
        names = "".join(embedding.text.body[4] for embedding in batch)
        Embedding.objects.filter(pk__in=stored).update(state="ready", vector=[1, 0, 0])
    return names


def test_a_small_repository_does_not_wait_for_a_large_one(
    space: Space, read: Callable[..., IndexRun], bob: User
) -> None:
    read("large", 40)
    assert encoded(space, 10) == "l" * 10
    read("small", 4, bob)
    assert encoded(space, 10).count("s") == 4


def test_many_small_repositories_do_not_hold_a_large_one_up(
    space: Space, read: Callable[..., IndexRun], bob: User
) -> None:
    read("large", 20)
    for name in "abcd":
        read(name, 4, bob)
        assert "l" in encoded(space, 4)


def test_many_runs_of_one_owner_do_not_hold_those_of_another_up(
    space: Space, read: Callable[..., IndexRun], bob: User
) -> None:
    for name in "abcdef":
        read(name, 8)
    read("second", 4, bob)
    assert encoded(space, 16).count("s") == 4


def test_branches_take_turns_in_a_new_space_too(
    space: Space, read: Callable[..., IndexRun], bob: User
) -> None:
    read("large", 40)
    read("small", 4, bob)
    assert encoded(lifecycle.space_for(TinyEncoder("another")), 10).count("s") == 4

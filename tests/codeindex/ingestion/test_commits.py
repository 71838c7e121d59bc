"""What runs record of commits: who made the one that is indexed, and which changed a definition
last."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from codeindex import repositories, tasks
from codeindex.ingestion import pipeline, publishing
from codeindex.ingestion.cloning.errors import CheckoutError
from codeindex.ingestion.cloning.trees import Tree
from codeindex.ingestion.commits import blame
from codeindex.models import (
    Commit,
    DefinitionChange,
    Embedding,
    IndexRun,
    Repository,
    RunStatus,
    Space,
    SpaceState,
)
from tests.git import GitRepository

FIRST = "def a():\n    return 1\n\n\ndef b():\n    return 2\n"
SECOND = FIRST.replace("return 2", "return 3")
HOSTILE = "Eve\u202e\x1b[31m " + "e" * 400


@pytest.fixture(autouse=True)
def _history(tmp_path: Path, settings: Any, db: None) -> None:
    settings.CODEINDEX_HOME = tmp_path / "home"
    settings.CODEINDEX_HISTORY_COMMITS = 10
    Space.objects.create(name="tiny", fingerprint="tiny", dimensions=3, state=SpaceState.ACTIVE)


def commit(source: GitRepository, files: Any, author: str, at: str) -> str:
    """By another author at another time."""
    os.environ |= {"GIT_AUTHOR_DATE": at}
    try:
        source.commit(files)
    finally:
        del os.environ["GIT_AUTHOR_DATE"]
    message = source.git("log", "-1", "--format=%s")
    source.git(
        "commit", "--quiet", "--amend", f"--author={author} <a@example.org>", f"--date={at}",
        f"--message={message} by {author.split()[0]}",
    )  # fmt: skip
    return source.git("rev-parse", "HEAD")


def indexed(repository: Repository) -> IndexRun:
    run = tasks.request_index(repository=repository, by=None)
    assert pipeline.index(run.pk)
    Embedding.objects.filter(state="pending").update(state="ready", vector=[1, 0, 0])
    publishing.settle_all()
    run.refresh_from_db()
    assert run.status == RunStatus.PUBLISHED
    return run


def last_changes() -> dict[str, str]:
    live = DefinitionChange.objects.filter(file__live=True)
    named = live.exclude(definition__qualified_name="")
    return dict(named.values_list("definition__qualified_name", "commit__author"))


def test_the_commit_that_is_indexed_says_who_made_it(
    source: GitRepository, registered: Repository, settings: Any
) -> None:
    settings.CODEINDEX_HISTORY_COMMITS = 0
    commit(source, {"a.py": FIRST}, "Ann", "2026-03-01T12:00:00Z")
    run = indexed(registered)
    stored = Commit.objects.get()
    assert (stored.sha, stored.author, stored.subject) == (run.commit, "Ann", "change by Ann")
    assert stored.authored == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert not DefinitionChange.objects.exists()


def test_a_definition_has_the_last_commit_that_changed_its_lines(
    source: GitRepository, registered: Repository
) -> None:
    commit(source, {"a.py": FIRST, "other.py": "def c(): ...\n"}, "Ann", "2026-03-01T12:00:00Z")
    commit(source, {"a.py": SECOND}, "Bea", "2026-03-02T12:00:00Z")
    indexed(registered)
    assert last_changes() == {"a": "Ann", "b": "Bea", "c": "Ann"}
    commit(
        source,
        {"a.py": "\n" + SECOND.replace("return 1", "return 4")},
        "Cy",
        "2026-03-03T12:00:00Z",
    )
    indexed(registered)
    assert last_changes() == {"a": "Cy", "b": "Bea", "c": "Ann"}


def test_what_changed_before_the_history_is_not_told(
    source: GitRepository, registered: Repository, settings: Any
) -> None:
    settings.CODEINDEX_HISTORY_COMMITS = 2
    commit(source, {"a.py": FIRST, "old.py": "def c(): ...\n"}, "Ann", "2026-03-01T12:00:00Z")
    commit(source, {"new.py": "def d(): ...\n"}, "Dan", "2026-03-01T13:00:00Z")
    commit(source, {"a.py": SECOND}, "Bea", "2026-03-02T12:00:00Z")
    indexed(registered)
    assert last_changes() == {"b": "Bea"}


def test_what_a_hostile_commit_says_is_cut(source: GitRepository, registered: Repository) -> None:
    commit(source, {"a.py": FIRST}, HOSTILE, "2099-03-01T12:00:00Z")
    indexed(registered)
    stored = Commit.objects.get()
    assert len(stored.author) == 200
    assert not any(character in stored.author for character in "\u202e\x1b")
    assert stored.authored < datetime(2098, 1, 1, tzinfo=UTC)


def test_odd_names_and_notebooks_cost_nothing_else(
    source: GitRepository, registered: Repository
) -> None:
    notebook = '{"cells": [{"cell_type": "code", "source": "def n(): return 1"}]}'
    files = {
        "-x.py": FIRST,
        ":(top).py": FIRST,
        "a b\n.py": FIRST,
        b"\xff.py": FIRST,
        "n.ipynb": notebook,
    }
    commit(source, files, "Ann", "2026-03-01T12:00:00Z")
    indexed(registered)
    changed = DefinitionChange.objects.values_list("file__path", flat=True).distinct()
    assert set(changed) == {"-x.py", ":(top).py", "a b\n.py"}


def test_a_file_that_cannot_be_examined_holds_up_no_other(
    source: GitRepository, registered: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    examine = blame.commits_of_lines

    def slow(tree: Tree, path: str) -> Mapping[int, str]:
        if path == "a.py":
            raise CheckoutError("git took longer than 10 s.")
        return examine(tree, path)

    monkeypatch.setattr(blame, "commits_of_lines", slow)
    commit(source, {"a.py": FIRST, "b.py": "def c(): ...\n"}, "Ann", "2026-03-01T12:00:00Z")
    indexed(registered)
    assert last_changes() == {"c": "Ann"}


def test_a_merge_is_not_the_last_change(source: GitRepository, registered: Repository) -> None:
    commit(source, {"a.py": FIRST}, "Ann", "2026-03-01T12:00:00Z")
    source.git("checkout", "--quiet", "-b", "topic")
    commit(source, {"a.py": SECOND}, "Bea", "2026-03-02T12:00:00Z")
    source.git("checkout", "--quiet", "main")
    commit(source, {"x.py": "X = 1\n"}, "Cy", "2026-03-03T12:00:00Z")
    source.git("merge", "--quiet", "--no-ff", "--message", "merge", "topic")
    indexed(registered)
    assert last_changes()["b"] == "Bea"


def test_a_repository_is_removed_with_its_commits(
    source: GitRepository, registered: Repository
) -> None:
    commit(source, {"a.py": FIRST}, "Ann", "2026-03-01T12:00:00Z")
    indexed(registered)
    assert DefinitionChange.objects.exists()
    repositories.remove(registered, by=None)
    assert not Commit.objects.exists()
    assert not DefinitionChange.objects.exists()

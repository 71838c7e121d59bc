"""What a stranger can infer of hidden code from their own: from what is counted, from the names
around a text, and from how long a run takes to end."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.contrib.postgres.search import SearchVector
from django.db import connection
from django.db.models import Sum, Value
from django.test import Client
from django.urls import reverse

from codeindex import repositories, tasks
from codeindex.ingestion import pipeline, publishing, runs
from codeindex.models import (
    Embedding,
    IndexRun,
    PlainId,
    Repository,
    RunStatus,
    Space,
    Text,
    WordCount,
)
from search.candidates import scopes
from tests import shelf
from tests.git import GitRepository
from tests.search.asking import find

pytestmark = pytest.mark.django_db

GUESS = "def merge(offer):\n    return offer.price * 2\n"
OWN = "def other(own):\n    return own\n"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: Any) -> None:
    settings.CODEINDEX_HOME = tmp_path / "home"
    shelf.space()


@pytest.fixture
def guessing(tmp_path: Path) -> GitRepository:
    return GitRepository.made(tmp_path / "guess")


@pytest.fixture
def guess(guessing: GitRepository, charlie: User) -> Repository:
    """Charlie's repository, in which he writes what he guesses."""
    return repositories.register(
        url=str(guessing.path), owner=charlie, by=charlie, trusted_path=True
    )


def index(repository: Repository, **wanted: Any) -> IndexRun:
    run = tasks.request_index(repository=repository, by=None, **wanted)
    assert pipeline.index(run.pk)
    run.refresh_from_db()
    return run


def encode(limit: int | None = None) -> None:
    pending = Embedding.objects.filter(state="pending").order_by("pk").values("pk")[:limit]
    Embedding.objects.filter(pk__in=pending).update(state="ready", vector=[1, 0, 0, 0])
    publishing.settle_all()


def held_elsewhere(source: GitRepository, registered: Repository, content: str = GUESS) -> None:
    """Alice's repository holds it, and its meaning is computed."""
    source.commit({"secret.py": content})
    index(registered)
    encode()


def told(client: Client, repository: Repository) -> dict[str, Any]:
    return client.get(reverse("api-runs", args=[repository.pk])).json()[0]


TELLING = ("status", "files_reused", "texts", "texts_reused", "texts_ready", "texts_failed")


class TestReuse:
    @pytest.mark.parametrize("removed", [False, True])
    def test_a_guess_looks_new_whoever_holds_it(
        self, source: GitRepository, registered: Repository, guessing: GitRepository,
        guess: Repository, client: Client, charlie: User, removed: bool,
    ) -> None:  # fmt: skip
        held_elsewhere(source, registered)
        if removed:
            repositories.remove(registered, by=None)
        guessing.commit({"guess.py": GUESS})
        run = index(guess)
        assert not Embedding.objects.filter(state="pending").exists()  # it is encoded once
        client.force_login(charlie)
        seen = told(client, guess)
        assert [seen[name] for name in TELLING] == ["published", 0, 1, 0, 0, 0]
        assert (seen["finished"], seen["progress"]["percent"]) == (None, 0)
        shown = client.get(reverse("repository", args=[guess.pk])).content.decode()
        assert "Reused" not in shown
        tasks.sweep()
        run.refresh_from_db()
        assert run.finished
        assert (run.texts_ready, run.texts_reused, run.files_reused) == (1, 0, 0)

    def test_what_others_hold_comes_to_light_as_the_rest_is_encoded(
        self, source: GitRepository, registered: Repository, guessing: GitRepository,
        guess: Repository,
    ) -> None:  # fmt: skip
        held_elsewhere(source, registered)
        guessing.commit({"guess.py": GUESS, "a.py": OWN, "b.py": OWN.replace("own", "more")})
        run = index(guess)
        seen = []
        for _ in range(2):
            seen.append((run.texts_ready, run.finished is not None))
            encode(1)
            run.refresh_from_db()
        seen.append((run.texts_ready, run.finished is not None))
        assert seen == [(0, False), (1, False), (3, True)]

    def test_what_the_repository_held_itself_counts_as_known(
        self, guessing: GitRepository, guess: Repository
    ) -> None:
        guessing.commit({"a.py": GUESS, "b.py": OWN})
        index(guess)
        encode()
        guessing.commit({"a.py": None, "moved/a.py": GUESS})
        run = index(guess)
        assert (run.files, run.files_reused, run.texts, run.texts_reused) == (2, 2, 2, 2)
        assert (run.status, run.finished is not None) == (RunStatus.PUBLISHED, True)

    def test_another_branch_of_it_does_too(
        self, guessing: GitRepository, guess: Repository
    ) -> None:
        guessing.commit({"a.py": GUESS})
        index(guess)
        encode()
        guessing.git("branch", "next")
        run = index(guess, branch="next")
        assert (run.files_reused, run.texts_reused) == (1, 1)
        assert run.finished


def test_the_names_around_a_hidden_text_find_no_text_of_others(
    source: GitRepository, registered: Repository, guessing: GitRepository, guess: Repository,
    charlie: User,
) -> None:  # fmt: skip
    def method_of(name: str) -> str:
        return f"class {name}:\n    def load(self):\n        return self.rows\n"

    held_elsewhere(source, registered, method_of("AcmeMerger"))
    guessing.commit({"own.py": method_of("Table")})
    index(guess)
    Space.objects.all().delete()  # so that words alone are compared
    assert find(charlie, "load rows").results
    assert find(charlie, "acme").results == []


class TestWordCounts:
    def test_they_follow_what_is_published(
        self, source: GitRepository, registered: Repository
    ) -> None:
        source.commit({"a.py": OWN, "b.py": GUESS, "copy/b.py": GUESS})
        index(registered)
        assert_exact(registered)
        assert WordCount.objects.get(word="offer").texts == 1
        encode()
        source.commit({"a.py": GUESS.replace("2", "3"), "copy/b.py": None, "c.py": OWN})
        waiting = index(registered)
        assert waiting.status == RunStatus.EMBEDDING
        assert WordCount.objects.get(word="offer").texts == 1
        encode()
        assert_exact(registered)
        assert WordCount.objects.get(word="offer").texts == 2
        encode()
        source.commit({"a.py": None, "b.py": None})
        index(registered)
        assert_exact(registered)
        assert not WordCount.objects.filter(word="offer").exists()

    def test_a_cancelled_run_leaves_them_alone(
        self, source: GitRepository, registered: Repository
    ) -> None:
        source.commit({"a.py": OWN})
        index(registered)
        encode()
        source.commit({"a.py": GUESS})
        assert runs.cancel(index(registered), by=None)
        assert_exact(registered)
        assert not WordCount.objects.filter(word="offer").exists()

    def test_branches_are_counted_apart(
        self, source: GitRepository, registered: Repository, alice: User
    ) -> None:
        source.commit({"a.py": OWN})
        source.git("branch", "next")
        source.commit({"b.py": GUESS})
        index(registered)
        encode()
        index(registered, branch="next")
        encode()
        assert_exact(registered)
        counted = WordCount.objects.filter(word="return").aggregate(texts=Sum("texts"))
        assert scopes.scope_for(alice).visible.texts == 3
        assert counted["texts"] == 3

    def test_removing_a_repository_takes_them_along(
        self, source: GitRepository, registered: Repository
    ) -> None:
        source.commit({"a.py": OWN})
        index(registered)
        repositories.remove(registered, by=None)
        assert not WordCount.objects.exists()


class TestUpgrade:
    """What the migration does with what an earlier version wrote."""

    MIGRATION = import_module("codeindex.migrations.0012_nothing_hidden_shows")

    def test_words_are_those_of_texts_alone_and_are_counted(
        self, source: GitRepository, registered: Repository, charlie: User
    ) -> None:
        source.commit({"own.py": "class AcmeMerger:\n    def load(self): return self.rows\n"})
        index(registered)
        written_now = dict(Text.objects.values_list("pk", "words"))
        older = SearchVector(Value("load return self rows acmemerger acme merger"))
        Text.objects.filter(kind="method").update(words=older)
        WordCount.objects.all().delete()
        self.MIGRATION.words_from_texts_alone(apps, SimpleNamespace(connection=connection))
        with connection.cursor() as cursor:
            cursor.execute(self.MIGRATION.COUNT)
        assert dict(Text.objects.values_list("pk", "words")) == written_now
        assert WordCount.objects.get(word="acm").texts == 1  # of the class alone
        assert_exact(registered)

    def test_addresses_that_there_were_stay_valid(self, registered: Repository) -> None:
        run = tasks.request_index(repository=registered, by=None)
        PlainId.objects.all().delete()
        with connection.cursor() as cursor:
            cursor.execute(self.MIGRATION.PLAIN)
        known = dict(PlainId.objects.values_list("row", "up_to"))
        assert known == {
            "repository": registered.pk, "run": run.pk, "file": 0, "definition": 0
        }  # fmt: skip


def assert_exact(repository: Repository) -> None:
    """The counts are those of the live texts, counted anew."""
    with connection.cursor() as cursor:
        cursor.execute(LIVE, [repository.pk])
        anew = set(cursor.fetchall())
    counts = WordCount.objects.filter(branch__repository=repository)
    assert set(counts.values_list("branch", "word", "texts")) == anew
    assert anew


LIVE = """
SELECT branch_id, word, count(*)::int FROM (
    SELECT DISTINCT file.branch_id, definition.text_id FROM codeindex_sourcefile AS file
    JOIN codeindex_branch AS branch ON branch.id = file.branch_id
    JOIN codeindex_definition AS definition ON definition.blob_id = file.blob_id
    WHERE file.live AND branch.repository_id = %s
) AS held
JOIN codeindex_text AS text ON text.id = held.text_id, unnest(tsvector_to_array(words)) AS word
GROUP BY branch_id, word
"""

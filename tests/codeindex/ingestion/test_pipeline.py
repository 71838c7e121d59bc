"""What an index run leaves in the tables, and what bad input does to it."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import Count
from django.utils import timezone

from codeindex import repositories, tasks
from codeindex.ingestion import pipeline, scheduling
from codeindex.models import (
    Blob,
    BlobWords,
    Definition,
    Embedding,
    IndexRun,
    Repository,
    RunStatus,
    SourceFile,
    Space,
    Text,
)
from embeddings.code.definitions import extract
from embeddings.code.languages import LANGUAGES
from tests.codeindex.ingestion.running import encode_everything, indexed, live
from tests.embeddings.samples import source_of
from tests.git import GitRepository

pytestmark = pytest.mark.django_db

SHOP = '''"""Sells things."""


class Basket:
    """What a customer wants."""

    def add(self, article, count=1):
        """Put articles in."""
        self.articles.extend([article] * count)


def total(basket):
    return sum(article.price for article in basket.articles)
'''


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: Any) -> None:
    settings.CODEINDEX_HOME = tmp_path / "home"


def test_definitions_of_every_kind_are_stored_with_their_spans(
    source: GitRepository, registered: Repository, space: Space
) -> None:
    source.commit({"src/shop.py": SHOP})
    run = indexed(registered)
    stored = Definition.objects.order_by("start_line", "-end_line").values_list(
        "kind", "qualified_name", "start_line", "end_line"
    )
    assert list(stored) == [
        ("module", "", 1, 13),
        ("class", "Basket", 4, 9),
        ("method", "Basket.add", 7, 9),
        ("function", "total", 12, 13),
    ]
    assert (run.files, run.files_read, run.definitions, run.texts) == (1, 1, 4, 4)
    assert run.commit == source.git("rev-parse", "HEAD")
    assert set(run.timings) >= {"checkout", "definitions"}


def test_a_repository_of_many_languages_gives_the_definitions_of_all(
    source: GitRepository, registered: Repository, space: Space
) -> None:
    languages = LANGUAGES[::3]
    samples = {entry.name: source_of(entry) for entry in languages}
    source.commit(
        {f"{name}/{file.name}": file.read_text("utf-8") for name, file in samples.items()}
        | {"logo.png": b"\x89PNG\r\n"}
    )
    run = indexed(registered)
    for entry in languages:
        written = extract(samples[entry.name].read_text("utf-8"), entry).definitions
        stored = Definition.objects.filter(blob__source_files__path__startswith=f"{entry.name}/")
        assert sorted(stored.values_list("qualified_name", "start_line")) == sorted(
            (definition.qualified_name, definition.start_line) for definition in written
        )
    assert {reason: skipped["count"] for reason, skipped in run.skips.items()} == {"binary": 1}
    assert run.status not in (RunStatus.FAILED, RunStatus.CANCELLED)


def test_a_repository_of_sha_256_is_indexed(alice: User, tmp_path: Path, space: Space) -> None:
    (tmp_path / "new").mkdir()
    new = GitRepository(tmp_path / "new")
    new.git("init", "--quiet", "--object-format=sha256", "--initial-branch=main")
    commit = new.commit({"shop.py": SHOP})
    run = indexed(
        repositories.register(url=str(new.path), owner=alice, by=alice, trusted_path=True)
    )
    assert (run.commit, run.error) == (commit, "")
    assert len(Blob.objects.get().sha) == 64


def test_words_find_a_text_by_the_parts_of_its_identifiers(
    source: GitRepository, registered: Repository, space: Space
) -> None:
    source.commit({"a.py": "def parseHTTPHeader(raw_lines):\n    return raw_lines\n"})
    indexed(registered)
    for query in ("header", "http", "parse", "lines", "parseHTTPHeader"):
        assert Text.objects.filter(kind="function", words=query).exists(), query


def test_a_file_has_the_words_of_all_its_definitions(
    source: GitRepository, registered: Repository, space: Space
) -> None:
    source.commit({"a.py": "TAX = 0.2\n\ndef total(cart):\n    return cart\n"})
    indexed(registered)
    for word in ("tax", "total", "cart"):
        assert BlobWords.objects.filter(words=word).exists(), word


def test_a_first_run_is_published_before_its_vectors_and_a_later_one_after(
    source: GitRepository, registered: Repository, space: Space
) -> None:
    source.commit({"a.py": "def one(): return 1\n"})
    first = indexed(registered)
    assert (first.status, first.finished) == (RunStatus.PUBLISHED, None)
    encode_everything()
    first.refresh_from_db()
    assert first.finished

    source.commit({"a.py": "def two(): return 2\n"})
    second = indexed(registered)
    assert second.status == RunStatus.EMBEDDING
    assert live(registered) == {"a.py": "def one(): return 1\n"}
    encode_everything()
    second.refresh_from_db()
    assert second.status == RunStatus.PUBLISHED
    assert second.finished
    assert live(registered) == {"a.py": "def two(): return 2\n"}
    assert registered.branches.get().live_run == second


def test_unchanged_files_are_neither_read_nor_written_again(
    source: GitRepository, registered: Repository, space: Space
) -> None:
    source.commit({"a.py": "def a(): return 1\n", "b.py": "def b(): return 2\n"})
    indexed(registered)
    encode_everything()
    unchanged = SourceFile.objects.get(path="a.py").pk
    source.commit({"b.py": "def c(): return 3\n"})
    run = indexed(registered)
    assert (run.files, run.files_reused, run.texts_reused) == (2, 1, 1)
    encode_everything()
    assert SourceFile.objects.get(path="a.py", live=True).pk == unchanged
    history = SourceFile.objects.get(path="b.py", live=False)
    assert history.until_run == run


def test_the_same_content_is_parsed_and_encoded_once(
    source: GitRepository, registered: Repository, space: Space
) -> None:
    source.commit({"a.py": SHOP, "copy/b.py": SHOP, "c.py": SHOP + "\n\nX = 1\n"})
    run = indexed(registered)
    assert Blob.objects.count() == 2
    assert run.texts == Text.objects.count() == Embedding.objects.count() < run.definitions
    shared = Text.objects.annotate(places=Count("definitions")).filter(places=2)
    assert shared.filter(kind="method").exists()


def test_a_moved_file_keeps_its_vectors(
    source: GitRepository, registered: Repository, space: Space
) -> None:
    source.commit({"a.py": SHOP})
    indexed(registered)
    encode_everything()
    source.commit({"a.py": None, "b.py": SHOP})
    run = indexed(registered)
    assert live(registered) == {"b.py": SHOP}
    assert run.texts == run.texts_reused
    assert run.finished


def test_what_an_older_version_has_read_is_read_again_once_a_day(
    source: GitRepository, registered: Repository, space: Space
) -> None:
    source.commit({"a.py": SHOP})
    old = indexed(registered)
    encode_everything()
    assert not scheduling.branches_to_read_again()
    IndexRun.objects.update(reading=1)
    assert not scheduling.branches_to_read_again()
    IndexRun.objects.update(created=timezone.now() - timedelta(days=2))
    Blob.objects.update(format_version=1)
    tasks.sweep()
    new = IndexRun.objects.latest("pk")
    assert (new.branch, new.requested_by) == (old.branch, None)
    assert not scheduling.branches_to_read_again()
    assert pipeline.index_next()
    new.refresh_from_db()
    assert (new.status, new.texts_reused) == (RunStatus.PUBLISHED, new.texts)


def test_a_second_request_finds_the_run_that_waits(registered: Repository) -> None:
    first = tasks.request_index(repository=registered, by=None)
    assert tasks.request_index(repository=registered, by=None) == first


def test_two_branches_of_a_repository_are_indexed_apart(
    source: GitRepository, registered: Repository, space: Space
) -> None:
    source.commit({"a.py": "def a(): return 1\n"})
    source.git("checkout", "--quiet", "-b", "topic")
    source.commit({"b.py": "def b(): return 2\n"})
    source.git("checkout", "--quiet", "main")
    indexed(registered)
    indexed(registered, branch="topic")
    assert SourceFile.objects.filter(live=True).count() == 3
    assert Blob.objects.count() == 2


def test_what_is_not_indexed_is_counted_with_its_reason(
    source: GitRepository, registered: Repository, space: Space, settings: Any
) -> None:
    settings.CODEINDEX_FILE_BYTES = 2_000
    os.symlink("/etc/passwd", source.path / "link.py")
    source.commit(
        {
            "logo.png": b"\x89PNG",
            "vendor/lib.py": "A = 1\n",
            "api_pb2.py": "A = 1\n",
            "made.py": "# @generated by a tool\nA = 1\n",
            "large.py": "A = 1\n" * 1_000,
            "binary.py": b"\x00\x01\x02",
            "latin.py": b"NAME = 'caf\xe9'\n",
            "cookie.py": b"# -*- coding: latin-1 -*-\ndef cafe(): return 'caf\xe9'\n",
            "broken.py": "def good(): return 1\n\ndef bad(:\n    return (\n",
            "good.py": "def fine(): return 1\n",
        }
    )
    run = indexed(registered)
    counts = {reason: skipped["count"] for reason, skipped in run.skips.items()}
    assert counts["binary"] == 2
    assert counts["symbolic link"] == counts["vendored, by path"] == 1
    assert counts["generated, by path"] == counts["generated, by content"] == 1
    assert counts["larger than 1 KiB"] == 1
    assert sorted(run.skips["binary"]["examples"]) == ["binary.py", "logo.png"]
    names = set(Definition.objects.values_list("name", flat=True))
    assert {"NAME", "cafe", "good", "fine"} <= names
    assert run.files_broken == 1
    assert run.status == RunStatus.PUBLISHED


def test_the_paths_of_files_that_are_not_read_are_kept_for_the_live_run(
    source: GitRepository, registered: Repository, space: Space
) -> None:
    def listed(run: IndexRun) -> dict[str, list[str]]:
        return dict(run.skipped_files.values_list("reason", "paths"))

    source.commit({"logo.png": b"\x89PNG", "vendor/b.py": "B = 1\n", "vendor/a.py": "A = 1\n"})
    source.commit({"made.py": "# @generated by a tool\nA = 1\n", "a.py": "A = 1\n"})
    first = indexed(registered)
    known = {"vendored, by path": ["vendor/a.py", "vendor/b.py"], "binary": ["logo.png"]}
    assert listed(first) == known
    source.commit({"a.py": "A = 2\n", "logo.png": None})
    second = indexed(registered)
    assert listed(first) == known
    encode_everything()
    assert listed(second) == {"vendored, by path": ["vendor/a.py", "vendor/b.py"]}
    assert not listed(first)


def test_hard_input_costs_nothing_else(
    source: GitRepository, registered: Repository, space: Space
) -> None:
    source.commit(
        {
            "nested.py": "x = " + "(" * 10_000 + ")" * 10_000 + "\n",
            "long.py": "def f():\n" + "    x = call(1, a)\n" * 20_000,
            b"n\xe9w\nline.py": "def odd(): return 1\n",
            "good.py": "def fine(): return 1\n",
        }
    )
    run = indexed(registered)
    assert run.status == RunStatus.PUBLISHED, run.error
    assert {"f", "odd", "fine"} <= set(Definition.objects.values_list("name", flat=True))
    assert r"n\xe9w" + "\nline.py" in live(registered)


def test_a_repository_with_nothing_to_index_publishes_an_empty_index(
    source: GitRepository, registered: Repository, space: Space
) -> None:
    source.commit({"empty.md": "", "logo.png": b"\x89PNG"})
    run = indexed(registered)
    assert (run.status, run.definitions, run.texts) == (RunStatus.PUBLISHED, 0, 0)
    assert run.finished

"""Texts wait for their vectors, and may get them, while the run still reads other files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from codeindex import repositories, tasks
from codeindex.ingestion import embedding, pipeline, publishing, runs
from codeindex.models import Embedding, IndexRun, Repository, Space
from codeindex.spaces import lifecycle
from tests.codeindex.ingestion.test_embedding import TinyEncoder
from tests.git import GitRepository

pytestmark = pytest.mark.django_db

FILES = pipeline.FILES_PER_BATCH + 10
"""So many that the first batch is stored before the last one is."""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: Any) -> None:
    settings.CODEINDEX_HOME = tmp_path / "home"


@pytest.fixture
def space() -> Space:
    return lifecycle.space_for(TinyEncoder())


@pytest.fixture
def run(source: GitRepository, registered: Repository, space: Space) -> IndexRun:
    source.commit({f"f{n:02}.py": f"def f{n}(): return {n}\n" for n in range(FILES)})
    return tasks.request_index(repository=registered, by=None)


def embed(space: Space) -> None:
    with Embedding.objects.claimed(space, limit=1000) as batch:
        embedding.encode(TinyEncoder(), [batch])


@pytest.fixture
def seen_early(run: IndexRun, space: Space) -> list[int]:
    """How many texts waited when embedders were woken for the first time, during reading."""
    counts: list[int] = []

    def look() -> None:
        counts.append(Embedding.objects.pending(space).count())
        embed(space)

    assert pipeline.index(run.pk, wake_embedders=look)
    return counts


def test_embedders_are_woken_before_the_last_file_is_read(seen_early: list[int]) -> None:
    assert 0 < seen_early[0] < FILES


def test_what_was_embedded_early_is_not_asked_for_again(
    seen_early: list[int], space: Space, run: IndexRun
) -> None:
    assert Embedding.objects.pending(space).count() == FILES - seen_early[0]
    run.refresh_from_db()
    assert run.texts == Embedding.objects.filter(space=space).count() == FILES
    assert run.texts_known == 0, "no other repository held any"


def test_a_run_whose_vectors_are_all_there_when_it_was_read_ends_at_once(
    source: GitRepository, registered: Repository, space: Space
) -> None:
    source.commit({"a.py": "def a(): return 1\n"})
    run = tasks.request_index(repository=registered, by=None)
    pipeline.index(run.pk, wake_embedders=lambda: embed(space))
    run.refresh_from_db()
    assert run.finished
    assert run.texts_ready == run.texts == 1


def test_a_run_of_what_others_hold_ends_no_sooner_than_an_embedder_ends_it(
    seen_early: list[int], space: Space, source: GitRepository, bob: User
) -> None:
    embed(space)
    guess = repositories.register(url=str(source.path), owner=bob, by=bob, trusted_path=True)
    run = tasks.request_index(repository=guess, by=bob)
    pipeline.index(run.pk)
    run.refresh_from_db()
    assert not run.finished
    publishing.settle_all()  # as an embedder that finds nothing to encode
    run.refresh_from_db()
    assert run.finished


def test_texts_of_a_run_that_was_cancelled_while_it_read_wait_no_longer(
    run: IndexRun, space: Space
) -> None:
    pipeline.index(run.pk, wake_embedders=lambda: runs.cancel(run, by=None))
    assert not Embedding.objects.pending(space).exists()


@pytest.mark.django_db(transaction=True)
def test_no_vector_index_is_built_while_a_run_reads(run: IndexRun, space: Space) -> None:
    found: list[list[Space]] = []

    def look() -> None:
        embed(space)
        found.append(lifecycle.needing_index(smallest=1))

    pipeline.index(run.pk, wake_embedders=look)
    embed(space)
    assert found[0] == []
    assert lifecycle.needing_index(smallest=1) == [space]

"""A repository is paused, resumed and cancelled at any stage of its runs, and in any order with the
workers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from codeindex import repositories, tasks
from codeindex.ingestion import embedding, pausing, pipeline, publishing, runs, scheduling
from codeindex.integrations import freshness
from codeindex.models import Embedding, IndexRun, Repository, Space, Upstream
from codeindex.spaces import lifecycle
from tests import audited
from tests.codeindex.ingestion.test_embedding import TinyEncoder
from tests.git import GitRepository

pytestmark = pytest.mark.django_db

FUNCTIONS = {"a.py": "\n\n".join(f"def a{n}():\n    return {n}" for n in range(5))}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: Any) -> None:
    settings.CODEINDEX_HOME = tmp_path / "home"


@pytest.fixture
def encoder(db: None) -> TinyEncoder:
    return TinyEncoder("tiny")


@pytest.fixture
def space(encoder: TinyEncoder) -> Space:
    return lifecycle.space_for(encoder)


@pytest.fixture
def run(
    source: GitRepository, registered: Repository, space: Space,
    requested: Callable[[Repository], IndexRun],
) -> IndexRun:  # fmt: skip
    source.commit(FUNCTIONS)
    return requested(registered)


@pytest.fixture
def embedding_run(run: IndexRun) -> IndexRun:
    """The first run of its branch: searchable, and without vectors."""
    assert pipeline.index(run.pk)
    return fresh(run)


def embed(encoder: TinyEncoder) -> None:
    while embedding.encode_batch(100, load=lambda source: encoder):
        pass
    publishing.settle_all()


def pending(space: Space) -> int:
    return Embedding.objects.pending(space).count()


def fresh(run: IndexRun) -> IndexRun:
    run.refresh_from_db()
    return run


def test_a_run_of_a_paused_repository_waits_for_its_turn_in_vain(
    run: IndexRun, registered: Repository, alice: User
) -> None:
    assert pausing.pause(registered, by=alice)
    assert scheduling.startable_runs() == []
    assert not pipeline.index(run.pk)
    assert not pausing.pause(registered, by=alice)
    assert tasks.resume(registered, by=alice)
    assert pipeline.index(run.pk)
    assert not tasks.resume(registered, by=alice)
    assert audited.rows("action", "user", "subject")[-2:] == [
        ("repository_paused", "alice", "alice/shop"),
        ("repository_resumed", "alice", "alice/shop"),
    ]


@pytest.mark.parametrize("crashes", [0, 2])
def test_a_worker_that_reads_stops_and_another_one_goes_on(
    run: IndexRun, registered: Repository, space: Space, crashes: int
) -> None:
    IndexRun.objects.filter(pk=run.pk).update(attempts=crashes)
    pipeline.index(run.pk, wake_embedders=lambda: pausing.pause(registered, by=None))
    waiting = fresh(run)
    assert (waiting.status, waiting.lease, waiting.attempts) == ("definitions", None, crashes)
    assert pending(space) == 0
    tasks.resume(registered, by=None)
    assert pipeline.index(run.pk)
    assert fresh(run).published
    assert pending(space) == run.texts > 0


def test_a_run_is_paused_between_reading_and_publishing(
    run: IndexRun, registered: Repository
) -> None:
    claimed = pipeline.claim(run.pk)
    assert claimed is not None
    pausing.pause(registered, by=None)
    publishing.start_embedding(claimed)  # as the worker that has not noticed yet
    assert not fresh(run).published
    assert run.status != "embedding"


def test_texts_of_a_paused_run_are_encoded_when_it_goes_on(
    embedding_run: IndexRun, registered: Repository, space: Space, encoder: TinyEncoder
) -> None:
    pausing.pause(registered, by=None)
    assert pending(space) == 0
    tasks.sweep()
    assert pending(space) == 0
    embed(encoder)
    assert not fresh(embedding_run).finished
    tasks.resume(registered, by=None)
    assert pending(space) == embedding_run.texts
    embed(encoder)
    assert fresh(embedding_run).finished
    assert embedding_run.texts_ready == embedding_run.texts


def test_texts_that_others_need_are_encoded_despite_the_pause(
    embedding_run: IndexRun, registered: Repository, space: Space, alice: User, tmp_path: Path
) -> None:
    fork = GitRepository.made(tmp_path / "fork")
    fork.commit(FUNCTIONS)
    other = repositories.register(url=str(fork.path), owner=alice, by=alice, trusted_path=True)
    assert pipeline.index(tasks.request_index(repository=other, by=None).pk)
    pausing.pause(registered, by=None)
    assert pending(space) == embedding_run.texts
    pausing.pause(other, by=None)
    assert pending(space) == 0


def test_a_batch_in_progress_when_its_repository_is_paused_is_dropped_and_repeated(
    embedding_run: IndexRun, registered: Repository, space: Space, encoder: TinyEncoder
) -> None:
    with Embedding.objects.claimed(space, limit=100) as batch:
        pausing.pause(registered, by=None)
        embedding.encode(encoder, [batch])
    assert not Embedding.objects.filter(state="ready").exists()
    tasks.resume(registered, by=None)
    embed(encoder)
    assert fresh(embedding_run).finished


def test_drafts_of_a_paused_repository_are_not_refined(
    embedding_run: IndexRun, registered: Repository, space: Space
) -> None:
    Embedding.objects.update(state="ready", vector=[1, 0, 0], draft=True)
    assert Embedding.objects.drafts(space).exists()
    pausing.pause(registered, by=None)
    assert not Embedding.objects.drafts(space).exists()


def test_a_paused_repository_that_moves_on_is_not_indexed(
    embedding_run: IndexRun, registered: Repository, encoder: TinyEncoder
) -> None:
    embed(encoder)
    freshness.enroll()
    Upstream.objects.update(head="f" * 40, run_due=None, runs=0)
    assert freshness.branches_to_index()
    Upstream.objects.update(run_due=None, runs=0)
    pausing.pause(registered, by=None)
    assert freshness.branches_to_index() == []


def test_a_searchable_run_that_embeds_can_be_cancelled(
    embedding_run: IndexRun, registered: Repository, space: Space, encoder: TinyEncoder
) -> None:
    assert fresh(embedding_run).published
    with Embedding.objects.claimed(space, limit=2) as batch:
        embedding.encode(encoder, [batch])
    assert runs.cancel(embedding_run, by=None)
    cancelled = fresh(embedding_run)
    assert (cancelled.status, bool(cancelled.finished)) == ("published", True)
    assert cancelled.notices == [runs.EMBEDDING_CANCELLED]
    assert registered.branches.get().live_run == cancelled
    assert pending(space) == 0
    assert Embedding.objects.filter(state="ready").count() == 2
    tasks.sweep()
    assert pending(space) == 0
    assert not runs.cancel(embedding_run, by=None)


def test_the_next_run_computes_what_a_cancelled_one_lacks(
    embedding_run: IndexRun, registered: Repository, encoder: TinyEncoder,
    requested: Callable[[Repository], IndexRun],
) -> None:  # fmt: skip
    runs.cancel(embedding_run, by=None)
    again = requested(registered)
    assert pipeline.index(again.pk)
    embed(encoder)
    assert fresh(again).finished
    assert again.texts_ready == again.texts


def test_a_run_that_lacks_no_vector_any_more_is_finished_and_not_cancelled(
    embedding_run: IndexRun,
) -> None:
    Embedding.objects.update(state="ready", vector=[1, 0, 0])
    assert not runs.cancel(embedding_run, by=None)  # before an embedder has counted them
    publishing.settle_all()
    assert fresh(embedding_run).finished
    assert embedding_run.notices == []


def test_a_paused_run_can_be_cancelled_at_any_stage(
    run: IndexRun, registered: Repository, space: Space
) -> None:
    pausing.pause(registered, by=None)
    assert runs.cancel(run, by=None)
    tasks.resume(registered, by=None)
    assert not pipeline.index(run.pk)
    assert fresh(run).status == "cancelled"

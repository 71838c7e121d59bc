"""The ledger of vectors: claimed, encoded, stored once; and what fails is said."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from codeindex import repositories, tasks
from codeindex.ingestion import embedding, garbage_collection, pipeline, progress, publishing, runs
from codeindex.models import (
    ATTEMPTS,
    Blob,
    Claim,
    Definition,
    Embedding,
    IndexRun,
    Repository,
    Space,
    SpaceState,
    Text,
)
from codeindex.spaces import lifecycle
from embeddings.code_encoder import Encoded
from embeddings.naming.disagreement import Thresholds
from tests.git import GitRepository

pytestmark = pytest.mark.django_db


class TinyEncoder:
    """Three dimensions from a text's length; chokes on what it is told to."""

    name, dimensions, device, draft_fingerprint = "tiny", 3, "cpu", ""
    name_thresholds = Thresholds()

    def __init__(self, fingerprint: str = "tiny", chokes_on: str = "\0") -> None:
        self.fingerprint = fingerprint
        self.chokes_on = chokes_on

    def encode(self, texts: Sequence[str], language: str) -> Encoded:
        if any(self.chokes_on in text for text in texts):
            raise ValueError("a text it cannot take")
        vectors = np.array([[len(text), 1, 0] for text in texts], dtype=np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return Encoded(vectors=vectors, names=[[("add", 0.5)]] * len(texts))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: Any) -> None:
    settings.CODEINDEX_HOME = tmp_path / "home"


@pytest.fixture
def indexed(source: GitRepository, registered: Repository) -> IndexRun:
    """A repository of five functions, their vectors missing."""
    source.commit({f"f{n}.py": f"def f{n}(): return {'1' * n}\n" for n in range(1, 6)})
    run = tasks.request_index(repository=registered, by=None)
    pipeline.index(run.pk)
    run.refresh_from_db()
    return run


def expire_leases() -> None:
    Embedding.objects.exclude(lease=None).update(leased_until=timezone.now() - timedelta(hours=1))


def test_a_batch_gets_vectors_and_names_and_ends_the_run(indexed: IndexRun) -> None:
    encoder = TinyEncoder()
    space = lifecycle.space_for(encoder)
    with Embedding.objects.claimed(space, limit=100) as batch:
        embedding.encode(encoder, [batch])
    publishing.settle_all()
    indexed.refresh_from_db()
    assert indexed.finished
    assert indexed.texts_ready == indexed.texts == 5
    stored = Embedding.objects.filter(state="ready").first()
    assert np.linalg.norm(stored.vector) == pytest.approx(1, abs=1e-3)
    assert stored.predicted_names == [["add", 0.5]]


def test_what_of_a_text_is_not_read_is_kept_with_its_vector(indexed: IndexRun) -> None:
    class Short(TinyEncoder):
        def encode(self, texts: Sequence[str], language: str) -> Encoded:
            return replace(super().encode(texts, language), unread=[1_200] + [0] * (len(texts) - 1))

    with Embedding.objects.claimed(lifecycle.space_for(Short()), limit=100) as batch:
        embedding.encode(Short(), [batch])
    reasons = sorted(Embedding.objects.values_list("reason", flat=True))
    assert reasons == [""] * 4 + ["its last 1,200 tokens are not read"]
    assert not Embedding.objects.exclude(state="ready").exists()


def test_two_claims_never_share_a_text(indexed: IndexRun) -> None:
    space = lifecycle.space_for(TinyEncoder())
    with (
        Embedding.objects.claimed(space, limit=3) as first,
        Embedding.objects.claimed(space, limit=3) as second,
    ):
        assert len(first) == 3
        assert len(second) == 2
        assert not {e.pk for e in first} & {e.pk for e in second}


def test_what_a_batch_did_not_store_is_free_again(indexed: IndexRun) -> None:
    space = lifecycle.space_for(TinyEncoder())

    class WorkerError(Exception):
        pass

    with pytest.raises(WorkerError), Embedding.objects.claimed(space, limit=10):
        raise WorkerError
    with Embedding.objects.claimed(space, limit=10) as batch:
        assert len(batch) == 5


def test_a_text_that_fails_is_recorded_and_holds_nothing_up(indexed: IndexRun) -> None:
    encoder = TinyEncoder(chokes_on="def f3")
    space = lifecycle.space_for(encoder)
    with Embedding.objects.claimed(space, limit=100) as batch:
        embedding.encode(encoder, [batch])
    publishing.settle_all()
    indexed.refresh_from_db()
    assert indexed.finished
    failed = Embedding.objects.filter(state="failed")
    assert indexed.texts_failed == len(failed) == 1
    assert failed[0].reason == "ValueError: a text it cannot take"


class NotingEncoder(TinyEncoder):
    """Notes how many texts it gets, and waits until it may go on."""

    def __init__(self) -> None:
        super().__init__(chokes_on="def f3")
        self.got: list[int] = []
        self.may_go_on = Event()
        self.may_go_on.set()

    def encode(self, texts: Sequence[str], language: str) -> Encoded:
        assert self.may_go_on.wait(20)
        self.got.append(len(texts))
        return super().encode(texts, language)


@pytest.fixture
def noting(indexed: IndexRun) -> NotingEncoder:
    return NotingEncoder()


def encode_batch(encoder: TinyEncoder, limit: int) -> int | None:
    """As a worker that claims two texts at a time."""
    return embedding.encode_batch(limit, part_size=2, load=lambda source: encoder)


def test_a_batch_comes_in_parts_and_one_that_fails_holds_no_other_up(noting: NotingEncoder) -> None:
    assert encode_batch(noting, 4)
    assert max(noting.got) <= 2
    states = Embedding.objects.order_by("pk").values_list("state", "lease")
    assert sorted(states[:4]) == [("failed", None), *[("ready", None)] * 3]
    assert states[4] == ("pending", None)
    assert encode_batch(noting, 4)
    assert not Embedding.objects.filter(state="pending").exists()
    assert encode_batch(noting, 4) is None


def test_a_part_is_claimed_while_the_one_before_is_encoded(
    noting: NotingEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim, claims = Claim.part, []

    def noted(*arguments: Any, **options: Any) -> Sequence[Embedding]:
        claims.append(claim(*arguments, **options))
        if len(claims) == 2:
            noting.may_go_on.set()
        return claims[-1]

    noting.may_go_on.clear()
    monkeypatch.setattr(Claim, "part", noted)
    assert encode_batch(noting, 16)
    assert [len(part) for part in claims] == [2, 2, 1, 0]


def test_a_text_that_may_kill_its_worker_is_encoded_beside_no_other(noting: NotingEncoder) -> None:
    lifecycle.space_for(noting)
    Embedding.objects.filter(text__body__contains="def f1").update(attempts=1)
    encode_batch(noting, 100)
    assert Embedding.objects.get(state="pending").attempts == 1
    noting.got.clear()
    encode_batch(noting, 100)
    assert noting.got == [1]
    assert not Embedding.objects.filter(state="pending").exists()


def test_an_encoder_that_is_broken_itself_blames_no_text(indexed: IndexRun) -> None:
    encoder = TinyEncoder(chokes_on="def")
    space = lifecycle.space_for(encoder)
    with (
        pytest.raises(ValueError, match="cannot take"),
        Embedding.objects.claimed(space, limit=100) as batch,
    ):
        embedding.encode(encoder, [batch])
    assert not Embedding.objects.filter(state="failed").exists()


def test_texts_of_a_dead_worker_come_alone_and_are_given_up_in_the_end(indexed: IndexRun) -> None:
    space = lifecycle.space_for(TinyEncoder())
    killer = Embedding.objects.filter(text__body__contains="def f1")
    killer.update(attempts=1)
    Embedding.objects.exclude(pk__in=killer).update(state="ready", vector=[1, 0, 0])
    expire_leases()
    with Embedding.objects.claimed(space, limit=100) as batch:
        assert [e.pk for e in batch] == [killer.get().pk]
    killer.update(attempts=ATTEMPTS)
    assert Embedding.objects.fail_deadly() == 1
    assert "workers crashed" in killer.get().reason


def test_a_worker_that_lost_its_lease_stores_nothing(indexed: IndexRun) -> None:
    encoder = TinyEncoder()
    space = lifecycle.space_for(encoder)
    with Embedding.objects.claimed(space, limit=10) as lost:
        expire_leases()
        with Embedding.objects.claimed(space, limit=10) as (taken_over,):
            embedding.encode(encoder, [lost])
            taken_over.refresh_from_db()
            assert taken_over.state == "pending"
            embedding.encode(encoder, [[taken_over]])
            taken_over.refresh_from_db()
            assert taken_over.state == "ready"


def test_a_second_encoder_gets_a_space_of_its_own_and_replaces_the_first_when_full(
    indexed: IndexRun,
) -> None:
    first, second = TinyEncoder("first"), TinyEncoder("second")
    old = lifecycle.space_for(first)
    Embedding.objects.filter(space=old).update(state="ready", vector=[1, 0, 0])
    new = lifecycle.space_for(second)
    assert (old.state, new.state) == (SpaceState.ACTIVE, SpaceState.BUILDING)
    assert Embedding.objects.filter(space=new, state="pending").count() == 5
    assert not lifecycle.activate_when_complete(new)
    Embedding.objects.filter(space=new).update(state="ready", vector=[1, 0, 0])
    assert lifecycle.activate_when_complete(new)
    assert Space.objects.get(state=SpaceState.ACTIVE) == new


def test_batches_grow_to_what_the_worker_does_in_a_few_seconds() -> None:
    assert embedding._next_limit(16, 0.1) == 32
    assert embedding._next_limit(100, 40.0) == 10
    assert embedding._next_limit(1, 400.0) == 1


def test_an_error_of_the_encoder_is_told_of_on_the_runs_that_wait(indexed: IndexRun) -> None:
    runs.record_encoder_error("The encoder failed: no such model")
    indexed.refresh_from_db()
    assert progress.measure(indexed).error.endswith("no such model")
    runs.record_encoder_error("")
    indexed.refresh_from_db()
    assert not indexed.error


def test_progress_counts_files_then_texts(indexed: IndexRun) -> None:
    lifecycle.space_for(TinyEncoder())
    seen = progress.measure(indexed)
    assert (seen.stage, seen.unit, seen.done, seen.total) == ("embedding", "texts", 0, 5)
    assert (seen.percent, seen.rate, seen.finished) == (0, None, False)
    Embedding.objects.update(state="ready", vector=[1, 0, 0])
    publishing.settle_all()
    indexed.refresh_from_db()
    seen = progress.measure(indexed)
    assert (seen.stage, seen.percent, seen.finished) == ("published", 100, True)


def test_runs_are_counted_no_longer_than_a_twentieth_of_the_time(indexed: IndexRun) -> None:
    settle, statements = publishing.Settler(), []

    def slowly(execute: Callable[..., Any], statement: str, *arguments: Any) -> Any:
        statements.append(statement)
        time.sleep(0.01)
        return execute(statement, *arguments)

    with connection.execute_wrapper(slowly):
        settle()
        once = len(statements)
        for _ in range(99):
            settle()
    assert 0 < once <= len(statements) <= 2 * once


def test_a_removed_repository_is_forgotten_after_the_grace_period(
    indexed: IndexRun, registered: Repository
) -> None:
    lifecycle.space_for(TinyEncoder())
    repositories.remove(registered, by=None)
    garbage_collection.mark()
    garbage_collection.sweep(timedelta(hours=1))
    assert Text.objects.exists()
    garbage_collection.sweep(timedelta(0))
    for table in (Embedding, Text, Definition, Blob):
        assert not table.objects.exists(), table


def test_what_came_back_in_the_grace_period_stays(
    indexed: IndexRun, registered: Repository, source: GitRepository, alice: User
) -> None:
    lifecycle.space_for(TinyEncoder())
    repositories.remove(registered, by=None)
    garbage_collection.mark()
    again = repositories.register(url=str(source.path), owner=alice, by=alice, trusted_path=True)
    pipeline.index(tasks.request_index(repository=again, by=None).pk)
    garbage_collection.mark()
    garbage_collection.sweep(timedelta(0))
    assert Definition.objects.count() == Text.objects.count() == Embedding.objects.count() == 5


def test_history_keeps_its_definitions_but_not_their_vectors(
    indexed: IndexRun, registered: Repository, source: GitRepository
) -> None:
    lifecycle.space_for(TinyEncoder())
    Embedding.objects.update(state="ready", vector=[1, 0, 0])
    publishing.settle_all()
    source.commit({"f1.py": None})
    pipeline.index(tasks.request_index(repository=registered, by=None).pk)
    garbage_collection.mark()
    garbage_collection.sweep(timedelta(0))
    assert Definition.objects.count() == 5
    assert Embedding.objects.count() == 4


@pytest.mark.django_db(transaction=True)
def test_a_filled_space_gets_an_index_that_queries_use(indexed: IndexRun) -> None:
    space = lifecycle.space_for(TinyEncoder())
    assert lifecycle.needing_index(smallest=5) == []
    Embedding.objects.update(state="ready", vector=[1, 0, 0])
    assert lifecycle.needing_index(smallest=5) == [space]
    lifecycle.build_index(space)
    assert lifecycle.needing_index(smallest=5) == []
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off; SET enable_sort = off")
        cursor.execute(
            "EXPLAIN SELECT id FROM codeindex_embedding"
            f" WHERE space_id = {space.pk} AND state = 'ready'"
            " ORDER BY vector::halfvec(3) <=> '[1,0,0]' LIMIT 5"
        )
        plan = "\n".join(line for (line,) in cursor.fetchall())
        cursor.execute("RESET enable_seqscan; RESET enable_sort")
    assert lifecycle.index_name(space) in plan


@pytest.mark.django_db(transaction=True)
def test_an_index_is_dropped_before_many_texts_are_added_and_built_anew_afterwards(
    indexed: IndexRun,
) -> None:
    space = lifecycle.space_for(TinyEncoder())
    Embedding.objects.update(state="ready", vector=[1, 0, 0])
    lifecycle.build_index(space)
    two = Embedding.objects.values("pk")[:2]
    Embedding.objects.filter(pk__in=two).update(state="pending", vector=None)
    ready = Embedding.objects.filter(state="ready").count()
    lifecycle.drop_index_before_bulk(space, bulk=2, largest=ready)
    lifecycle.drop_index_before_bulk(space, bulk=1, largest=ready - 1)
    assert has_index(space)
    lifecycle.drop_index_before_bulk(space, bulk=1, largest=ready)
    assert not has_index(space)
    Embedding.objects.update(state="ready", vector=[1, 0, 0])
    assert lifecycle.needing_index(smallest=5) == [space]


def has_index(space: Space) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [lifecycle.index_name(space)])
        return bool(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
def test_an_index_that_another_version_built_is_built_anew(indexed: IndexRun) -> None:
    space = lifecycle.space_for(TinyEncoder())
    Embedding.objects.update(state="ready", vector=[1, 0, 0])
    lifecycle.build_index(space, width=64)
    assert lifecycle.needing_index(smallest=5) == [space]
    lifecycle.build_index(space)
    assert lifecycle.needing_index(smallest=5) == []

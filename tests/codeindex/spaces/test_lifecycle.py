"""Spaces: filled beside the active one, activated when full, and retired."""

from __future__ import annotations

from pathlib import Path
from threading import Event, Thread
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError
from django.db import connection, transaction

from codeindex import locks, tasks
from codeindex.ingestion import embedding, pipeline, publishing
from codeindex.models import (
    Embedding,
    IndexRun,
    Repository,
    RunStatus,
    SourceFile,
    Space,
    SpaceState,
)
from codeindex.spaces import encoders, lifecycle
from codeindex.spaces.encoders import EncoderSource
from embeddings.naming.disagreement import Thresholds
from tests.codeindex.spaces.conftest import READY, active, told
from tests.git import GitRepository
from tests.journeys.installation import until

pytestmark = pytest.mark.django_db


def test_a_space_is_activated_once_every_live_definition_has_a_vector_in_it(
    old: Space, new: Space
) -> None:
    with pytest.raises(CommandError, match="6 live texts have no vector in new yet"):
        told("activate", "new")
    Embedding.objects.filter(space=new).update(**READY)
    last = Embedding.objects.filter(space=new).first()
    Embedding.objects.filter(pk=last.pk).update(state="pending", vector=None)
    with pytest.raises(CommandError, match="1 live text"):
        told("activate", "new")
    assert active() == old
    Embedding.objects.filter(pk=last.pk).update(state="failed")
    assert "new is active" in told("activate", "new")
    old.refresh_from_db()
    assert (active(), old.state) == (new, SpaceState.RETIRED)


def test_what_a_space_was_never_asked_for_is_missing_too(old: Space, new: Space) -> None:
    Embedding.objects.filter(space=new).update(**READY)
    Embedding.objects.filter(space=new).first().delete()
    assert lifecycle.activate(new).missing == 1
    assert Embedding.objects.filter(space=new, state="pending").count() == 1


def test_a_retired_space_is_active_again_at_once_or_filled_first(
    old: Space, new: Space, source: GitRepository, registered: Repository
) -> None:
    Embedding.objects.filter(space=new).update(**READY)
    told("activate", "new")
    told("activate", "old")
    assert active() == old
    told("activate", "new")
    source.commit({"more.py": "def more(): return 'more'\n"})
    pipeline.index(tasks.request_index(repository=registered, by=None).pk)
    Embedding.objects.filter(space=new).update(**READY)
    publishing.settle_all()
    with pytest.raises(CommandError, match="1 live texts have no vector in old"):
        told("activate", "old")
    old.refresh_from_db()
    assert old.state == SpaceState.BUILDING


def test_spaces_are_listed_with_what_they_hold_and_reach(old: Space, new: Space) -> None:
    new.figures, new.problem = {"MRR among 99": "0.512 (0.480–0.544)"}, "No such folder."
    new.save()
    Embedding.objects.filter(space=new, pk__in=ids(new)[:2]).update(**READY)
    Embedding.objects.filter(space=new, pk__in=ids(new)[2:3]).update(state="failed")
    head, first, second, *below = told().splitlines()
    assert head.split() == [
        *("NAME", "FINGERPRINT", "STATE", "DIMENSIONS"),
        *("FILLED", "DRAFTS", "FAILED", "WANTED", "CREATED"),
    ]
    assert "old" in first
    assert first.split()[3:9] == ["active", "3", "6", "0", "0", "6"]
    assert second.split()[3:9] == ["building", "3", "2", "0", "1", "6"]
    assert below == ["    MRR among 99: 0.512 (0.480–0.544)", "    No such folder."]


def ids(space: Space) -> list[int]:
    return list(Embedding.objects.filter(space=space).order_by("pk").values_list("pk", flat=True))


def test_what_cannot_be_done_is_said(old: Space, new: Space, settings: Any) -> None:
    Space.objects.create(name="new", fingerprint="another", dimensions=3)
    for arguments, reason in [
        (["activate", "none"], "Space none does not exist"),
        (["activate", "new"], "Several spaces"),
        (["retire", "old"], "old is active"),
        (["remove", "another"], "another is not retired"),
        (["add", "none"], "no checkpoint 'none'"),
    ]:
        with pytest.raises(CommandError, match=reason):
            told(*arguments)
    settings.CODEINDEX_CHECKPOINT = "default"
    told("retire", "another")
    new.checkpoint = "/another"
    new.save()
    with pytest.raises(CommandError, match="Remove them first"):
        told("activate", "of new")


def test_the_active_space_is_filled_first_and_an_added_one_waits_to_be_activated(
    indexed: IndexRun, checkpoints: list[Path], no_encoder_loaded: None, settings: Any
) -> None:
    settings.CODEINDEX_CHECKPOINT = str(checkpoints[0])
    assert embedding.encode_batch(4) is not None
    first = active()
    settings.CODEINDEX_CHECKPOINT = None
    told("add", str(checkpoints[1]))
    second = Space.objects.exclude(pk=first.pk).get()
    assert (second.state, EncoderSource.of_space(second)) == (
        "building",
        EncoderSource(str(checkpoints[1])),
    )
    assert embedding.encode_batch(4) is not None
    assert lifecycle.coverage()[first.pk].missing == 0
    assert lifecycle.coverage()[second.pk].ready == 0
    while embedding.encode_batch(4):
        pass
    assert lifecycle.coverage()[second.pk].ready == 6
    assert active() == first
    told("activate", second.fingerprint)
    assert embedding.encode_batch(4) is None
    assert active() == second


def test_a_run_ends_with_its_last_text_though_it_was_counted_shortly_before(
    indexed: IndexRun, checkpoints: list[Path], no_encoder_loaded: None, settings: Any
) -> None:
    settle = publishing.Settler(share=1e-9)
    settings.CODEINDEX_CHECKPOINT = str(checkpoints[0])
    for _ in range(2):
        assert tasks.embed_batch(4, settle)
        indexed.refresh_from_db()
        assert (indexed.texts_ready, indexed.finished) == (4, None)
    assert tasks.embed_batch(4, settle) is None
    indexed.refresh_from_db()
    assert indexed.texts_ready == indexed.texts == 6
    assert indexed.finished


def test_what_computes_the_language_model_is_chosen_for_a_space(
    indexed: IndexRun,
    checkpoints: list[Path],
    no_encoder_loaded: None,
    settings: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    settings.CODEINDEX_CHECKPOINT = str(checkpoints[0])
    while embedding.encode_batch(100):
        pass
    first = active()
    settings.CODEINDEX_CHECKPOINT = None
    told("add", str(checkpoints[0]), "--runtime", "onnx-int8")
    second = Space.objects.exclude(pk=first.pk).get()
    assert EncoderSource.of_space(second) == EncoderSource(str(checkpoints[0]), runtime="onnx-int8")
    assert second.fingerprint != first.fingerprint
    while embedding.encode_batch(100):
        pass
    told("activate", second.fingerprint)
    assert active() == second
    rebuilt = Embedding.objects.filter(space=second).first()
    former = Embedding.objects.get(space=first, text=rebuilt.text)
    assert np.dot(rebuilt.vector, former.vector) > 0.95


def test_a_run_is_not_published_by_vectors_of_a_space_that_was_retired(
    old: Space, new: Space, source: GitRepository, registered: Repository
) -> None:
    Embedding.objects.filter(space=new).update(**READY)
    source.commit({"more.py": "def more(): return 'more'\n"})
    run = tasks.request_index(repository=registered, by=None)
    pipeline.index(run.pk)
    Embedding.objects.filter(space=old).update(**READY)
    lifecycle.activate(new)  # as between the count and the publication
    run.refresh_from_db()
    assert not publishing.publish(run)
    assert not SourceFile.objects.filter(path="more.py", live=True).exists()
    Embedding.objects.filter(space=new).update(**READY)
    publishing.settle(run)
    run.refresh_from_db()
    assert run.status == RunStatus.PUBLISHED


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("waits", ["activate", "publish"])
def test_publishing_and_activating_wait_for_each_other(
    old: Space, new: Space, indexed: IndexRun, waits: str
) -> None:
    Embedding.objects.filter(space=new).update(**READY)
    done = Event()

    def other() -> None:
        try:
            lifecycle.activate(new) if waits == "activate" else publishing.publish(indexed)
            done.set()
        finally:
            connection.close()

    thread = Thread(target=other)
    with transaction.atomic():
        locks.publishing()
        thread.start()
        assert not done.wait(0.5)
    assert done.wait(10)
    thread.join()


def test_names_are_judged_anew_once_a_checkpoint_is_sure_of_other_ones(
    checkpoints: list[Path], no_encoder_loaded: None
) -> None:
    source = EncoderSource(str(checkpoints[0]))
    encoder = encoders.cached(source)
    space = lifecycle.space_for(encoder, source)
    Space.objects.update(names_judged_from=0)
    assert lifecycle.space_for(encoder, source).names_judged_from == 0
    encoder.name_thresholds = Thresholds(sure=0.7, likely=0.4)
    changed = lifecycle.space_for(encoder, source)
    assert (changed, changed.name_thresholds) == (space, Thresholds(sure=0.7, likely=0.4))
    assert changed.names_judged_from is None


@pytest.mark.django_db(transaction=True)
def test_the_first_space_is_active_though_several_processes_create_it_at_once(
    checkpoints: list[Path], no_encoder_loaded: None
) -> None:
    source = EncoderSource(str(checkpoints[0]))
    encoder = encoders.cached(source)

    def create() -> None:
        try:
            lifecycle.space_for(encoder, source)
        finally:
            connection.close()

    threads = [Thread(target=create) for _ in range(2)]
    with transaction.atomic():
        locks.publishing()
        for thread in threads:
            thread.start()
        until(lambda: waiting_for_locks() == 2)
    for thread in threads:
        thread.join()
    assert active() == Space.objects.get()


def waiting_for_locks() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        return int(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
def test_a_retired_space_is_removed_with_its_vectors_and_its_index(old: Space, new: Space) -> None:
    Embedding.objects.filter(space=new).update(**READY)
    lifecycle.build_index(new)
    told("retire", "new")
    told("remove", "new")
    assert list(Space.objects.all()) == [old]
    assert Embedding.objects.count() == 6
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s)", [lifecycle.index_name(new)])
        assert cursor.fetchone() == (None,)

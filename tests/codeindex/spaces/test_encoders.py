"""Which encoder fills and searches a space: by settings, by command, and while one is loaded."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User

from codeindex import tasks
from codeindex.celery import app
from codeindex.ingestion import embedding
from codeindex.models import (
    Embedding,
    IndexRun,
    Space,
)
from codeindex.spaces import encoders, lifecycle
from search import engine
from tests.codeindex.spaces.conftest import active, told
from tests.search.asking import find

pytestmark = pytest.mark.django_db


def test_the_encoder_of_the_settings_replaces_the_active_one_when_its_space_is_full(
    indexed: IndexRun, checkpoints: list[Path], no_encoder_loaded: None, settings: Any
) -> None:
    for checkpoint in checkpoints:
        settings.CODEINDEX_CHECKPOINT = str(checkpoint)
        while embedding.encode_batch(100):
            pass
        assert active().checkpoint == str(checkpoint)


def test_a_checkpoint_that_is_gone_is_told_of_and_holds_nothing_up(
    indexed: IndexRun,
    checkpoints: list[Path],
    no_encoder_loaded: None,
    settings: Any,
    tmp_path: Path,
) -> None:
    settings.CODEINDEX_CHECKPOINT = str(checkpoints[0])
    copy = shutil.copytree(checkpoints[1], tmp_path / "copy")
    told("add", str(copy))
    gone = Space.objects.get()  # the first space is active at once
    shutil.rmtree(copy)
    while embedding.encode_batch(100):
        pass
    gone.refresh_from_db()
    assert "There is no checkpoint" in gone.problem
    assert active().checkpoint == str(checkpoints[0])


def test_a_process_searches_its_encoders_space_until_it_has_loaded_the_new_one(
    indexed: IndexRun, checkpoints: list[Path], no_encoder_loaded: None, alice: User
) -> None:
    for checkpoint in checkpoints:
        told("add", str(checkpoint))
    while embedding.encode_batch(100):
        pass
    old, new = Space.objects.order_by("pk")
    assert (old.state, new.state) == ("active", "building")
    held = encoders.searcher.encoder()
    assert held.fingerprint == old.fingerprint
    before = find(alice, "open a path")
    told("activate", new.fingerprint)
    # Vectors of two spaces differ in width here: comparing them would be an error.
    during = find(alice, "open a path")
    assert scores(during) == scores(before)
    assert engine.OLD_MODEL in during.notices
    encoders.searcher._loading.join()
    after = find(alice, "open a path")
    assert encoders.searcher.encoder().fingerprint == new.fingerprint
    assert encoders.searcher.encoder().dimensions != held.dimensions
    assert after.results
    assert engine.OLD_MODEL not in after.notices


def scores(answer: Any) -> list[tuple[str, float]]:
    return [(result.definition.place.qualified_name, result.score) for result in answer.results]


def test_a_model_that_cannot_be_loaded_leaves_the_old_one_searched(
    indexed: IndexRun, checkpoints: list[Path], no_encoder_loaded: None, alice: User, tmp_path: Path
) -> None:
    told("add", str(checkpoints[0]))
    copy = shutil.copytree(checkpoints[1], tmp_path / "copy")
    told("add", str(copy))
    while embedding.encode_batch(100):
        pass
    held = encoders.searcher.encoder()
    told("activate", Space.objects.get(state="building").fingerprint)
    shutil.rmtree(copy)
    for _ in range(2):
        assert encoders.searcher.encoder() is held
        encoders.searcher._loading.join()
    assert find(alice, "open a path").results


def test_vectors_come_from_the_encoder_that_the_space_names(
    indexed: IndexRun, checkpoints: list[Path], no_encoder_loaded: None
) -> None:
    told("add", str(checkpoints[0]))
    while embedding.encode_batch(100):
        pass
    stored = Embedding.objects.select_related("text").first()
    expected = encoders.encoder_for(stored.space).encode_definitions([stored.text.body])[0]
    np.testing.assert_allclose(stored.vector, expected, atol=1e-3)


@pytest.fixture
def at_once() -> Iterator[None]:
    """What is enqueued is done in its place."""
    app.conf.task_always_eager = True
    yield
    app.conf.task_always_eager = False


def test_a_changed_encoder_setting_takes_effect_at_the_next_sweep(
    old: Space, checkpoints: list[Path], no_encoder_loaded: None, settings: Any, at_once: None
) -> None:
    """Although no new text waits, and each time that it is changed."""
    for checkpoint in (*checkpoints, checkpoints[0]):
        settings.CODEINDEX_CHECKPOINT = str(checkpoint)
        tasks.sweep()
        assert active().checkpoint == str(checkpoint)
        assert lifecycle.coverage()[active().pk].missing == 0


def test_a_sweep_wakes_no_embedder_where_all_is_as_the_settings_say(
    old: Space, checkpoints: list[Path], no_encoder_loaded: None, settings: Any, at_once: None
) -> None:
    settings.CODEINDEX_CHECKPOINT = str(checkpoints[0])
    tasks.sweep()
    encoders.cached.cache_clear()
    tasks.sweep()
    assert encoders.cached.cache_info().currsize == 0

"""Drafts: texts are found by meaning at once, and the language model refines their vectors."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import call_command

from codeindex import repositories, tasks
from codeindex.ingestion import embedding, pipeline, publishing
from codeindex.models import (
    ATTEMPTS,
    Definition,
    Embedding,
    IndexRun,
    Repository,
    Space,
    SpaceState,
)
from codeindex.spaces import lifecycle, refining
from embeddings.code_encoder import Encoded
from embeddings.naming.disagreement import Thresholds
from tests.git import GitRepository

pytestmark = pytest.mark.django_db


class DraftingEncoder:
    """Drafts point up, refined vectors to the right. Chokes on what it is told to."""

    name, dimensions, device = "drafting", 2, "cpu"
    fingerprint, draft_fingerprint = "drafting", "quick"
    name_thresholds = Thresholds()

    def __init__(self, *, chokes_on: str = "\0", drafts_nothing: bool = False) -> None:
        self.chokes_on, self.drafts_nothing = chokes_on, drafts_nothing

    def draft(self, texts: Sequence[str], language: str) -> Encoded:
        if self.drafts_nothing:
            raise ValueError("no draft")
        return Encoded(
            np.array([[0, 1]] * len(texts), np.float32), [[("drafted", 0.5)]] * len(texts)
        )

    def encode(self, texts: Sequence[str], language: str) -> Encoded:
        if any(self.chokes_on in text for text in texts):
            raise ValueError("a text it cannot take")
        return Encoded(
            np.array([[1, 0]] * len(texts), np.float32), [[("refined", 0.5)]] * len(texts)
        )


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: Any) -> None:
    settings.CODEINDEX_HOME = tmp_path / "home"


@pytest.fixture
def indexed(source: GitRepository, registered: Repository) -> IndexRun:
    """A repository of five functions, their vectors missing."""
    return index(source, registered, {f"f{n}.py": f"def f{n}(): return {n}{n}\n" for n in range(5)})


def index(source: GitRepository, repository: Repository, files: dict[str, str]) -> IndexRun:
    source.commit(files)
    run = tasks.request_index(repository=repository, by=None)
    pipeline.index(run.pk)
    return run


def draft(encoder: DraftingEncoder) -> None:
    while embedding.encode_batch(16, load=lambda source: encoder):
        pass
    publishing.settle_all()


def refine(encoder: DraftingEncoder) -> None:
    limit: int | None = 2
    while limit:
        limit = embedding.refine_batch(limit, load=lambda source: encoder)


def vectors() -> list[list[float]]:
    return [list(each.vector) for each in Embedding.objects.order_by("pk")]


def test_a_run_ends_with_drafts_and_refining_replaces_them(indexed: IndexRun) -> None:
    encoder = DraftingEncoder()
    draft(encoder)
    indexed.refresh_from_db()
    assert indexed.finished
    assert indexed.texts_ready == indexed.texts == 5
    assert vectors() == [[0, 1]] * 5
    assert Space.objects.get().drafted_by == "quick"
    refine(encoder)
    assert vectors() == [[1, 0]] * 5
    assert not Embedding.objects.filter(draft=True).exists()
    assert Embedding.objects.first().predicted_names == [["refined", 0.5]]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("wanted", "device", "are_drafted"),
    [("auto", "cpu", True), ("auto", "cuda", False), ("on", "cuda", True), ("off", "cpu", False)],
)
def test_a_gpu_needs_no_drafts_and_the_settings_decide(
    indexed: IndexRun, settings: Any, wanted: str, device: str, are_drafted: bool
) -> None:
    settings.CODEINDEX_DRAFTS = wanted
    encoder = DraftingEncoder()
    encoder.device = device
    draft(encoder)
    assert vectors() == [[0, 1] if are_drafted else [1, 0]] * 5


def test_without_refining_drafts_stay(indexed: IndexRun, settings: Any) -> None:
    settings.CODEINDEX_REFINING = False
    draft(DraftingEncoder())
    refine(DraftingEncoder())
    assert vectors() == [[0, 1]] * 5


def test_refining_is_paused_for_all_and_goes_on(
    indexed: IndexRun, capsys: pytest.CaptureFixture[str]
) -> None:
    draft(DraftingEncoder())
    call_command("spaces", "pause", Space.objects.get().name)
    refine(DraftingEncoder())
    assert vectors() == [[0, 1]] * 5
    call_command("spaces", "resume", Space.objects.get().name)
    refine(DraftingEncoder())
    assert vectors() == [[1, 0]] * 5
    assert "is paused" in capsys.readouterr().out


def test_a_repository_can_pause_refining_but_not_that_of_others(
    indexed: IndexRun, alice: Any, tmp_path: Path
) -> None:
    other = GitRepository.made(tmp_path / "other")
    shared = {"f0.py": "def f0(): return 00\n", "own.py": "def own(): return 7\n"}
    repository = repositories.register(url=str(other.path), owner=alice, by=None, trusted_path=True)
    index(other, repository, shared)
    draft(DraftingEncoder())
    Repository.objects.filter(pk=indexed.branch.repository_id).update(refining=False)
    refine(DraftingEncoder())
    refined = Embedding.objects.filter(draft=False)
    assert sorted(refined.values_list("text__body", flat=True)) == [
        "def f0(): return 00", "def own(): return 7"
    ]  # fmt: skip
    Repository.objects.update(refining=True)
    refine(DraftingEncoder())
    assert not Embedding.objects.filter(draft=True).exists()


def test_a_new_text_is_drafted_before_others_are_refined(
    indexed: IndexRun, source: GitRepository, registered: Repository
) -> None:
    draft(DraftingEncoder())
    index(source, registered, {"new.py": "def new(): return 9\n"})
    assert embedding.refine_batch(100, load=lambda source: DraftingEncoder()) is None
    draft(DraftingEncoder())
    assert embedding.refine_batch(100, load=lambda source: DraftingEncoder())


def test_a_draft_that_cannot_be_refined_stays_and_says_why(indexed: IndexRun) -> None:
    encoder = DraftingEncoder(chokes_on="f3")
    encoder.chokes_on = "def f3"
    draft(encoder)
    refine(encoder)
    left = Embedding.objects.get(draft=True)
    assert (left.state, left.attempts) == ("ready", ATTEMPTS)
    assert left.reason == "not refined: ValueError: a text it cannot take"
    assert list(left.vector) == [0, 1]


def test_a_text_that_cannot_be_drafted_is_encoded(indexed: IndexRun) -> None:
    draft(DraftingEncoder(drafts_nothing=True))
    assert vectors() == [[1, 0]] * 5


def test_a_space_beside_the_active_one_is_filled_without_drafts(indexed: IndexRun) -> None:
    Space.objects.create(name="old", fingerprint="old", dimensions=2, state=SpaceState.ACTIVE)
    encoder = DraftingEncoder()
    new = lifecycle.space_for(encoder)
    assert new.state == SpaceState.BUILDING
    Embedding.objects.exclude(space=new).delete()
    draft(encoder)
    assert not Embedding.objects.filter(draft=True).exists()


def test_what_somebody_has_seen_is_refined_first(indexed: IndexRun) -> None:
    draft(DraftingEncoder())
    last = Definition.objects.order_by("-text_id").first()
    assert last
    refining.refine_first(Space.objects.get(), [last.pk])
    embedding.refine_batch(1, load=lambda source: DraftingEncoder())
    assert Embedding.objects.get(draft=False).text_id == last.text_id


def test_the_share_that_is_refined_is_told_until_all_is(
    indexed: IndexRun, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refining, "COUNTED_SECONDS", 1e-9)  # no count is kept
    draft(DraftingEncoder())
    assert refining.active_percent() == 0
    embedding.refine_batch(2, load=lambda source: DraftingEncoder())
    assert refining.active_percent() == 40
    settings.CODEINDEX_REFINING = False
    assert refining.active_percent() is None
    settings.CODEINDEX_REFINING = True
    refine(DraftingEncoder())
    assert refining.active_percent() is None

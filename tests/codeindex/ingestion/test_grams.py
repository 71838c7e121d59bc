"""Grams are stored with contents, packed into few blocks, and forgotten with the contents."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from codeindex import repositories, tasks
from codeindex.ingestion import garbage_collection, pipeline
from codeindex.ingestion.lexical import grams
from codeindex.models import Blob, GramBlock, Repository, SourceFile
from tests import shelf
from tests.git import GitRepository
from tests.search.lines.asking import find, places, put

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def the_blocks_are_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("search.lines.candidates.FEW", 0)


@pytest.fixture
def shop(alice: User) -> Repository:
    return shelf.repository(alice)


def texts(count: int) -> dict[str, str]:
    return {f"{number:03}.py": f"word_{number:03} = {number}\n" * 3 for number in range(count)}


def held() -> list[int]:
    return sorted(blob for block in GramBlock.objects.all() for blob in block.blobs)


def test_a_batch_has_one_block_for_each_size(shop: Repository) -> None:
    put(shop, {"small.py": "one two three", "large.py": "".join(map(chr, range(32, 1_900)))})
    grams.renew()
    assert sorted(GramBlock.objects.values_list("exponent", flat=True)) == [8, 13]
    assert held() == sorted(Blob.objects.values_list("pk", flat=True))


def test_contents_that_lack_grams_get_them_batch_by_batch(shop: Repository, alice: User) -> None:
    put(shop, texts(5))
    assert grams.renew(seconds=0, batch=2) == 2
    assert Blob.objects.filter(grams=0).count() == 3
    assert places(find(alice, "word_00", word="any")) != []
    assert {path for path, _ in places(find(alice, "word_00"))} == set(texts(5))
    tasks.sweep()
    assert not Blob.objects.filter(grams=0).exists()
    assert {path for path, _ in places(find(alice, "word_00"))} == set(texts(5))
    assert grams.renew() == 0


def test_small_blocks_are_joined(shop: Repository, alice: User) -> None:
    put(shop, texts(40))
    while grams._renew_batch(3):
        pass
    assert GramBlock.objects.count() == 14
    grams.pack()
    assert GramBlock.objects.count() == 1
    assert held() == sorted(Blob.objects.values_list("pk", flat=True))
    for number in (0, 7, 8, 39):
        assert {path for path, _ in places(find(alice, f"word_{number:03}"))} == {f"{number:03}.py"}
    grams.pack()
    assert GramBlock.objects.count() == 1


def test_full_blocks_are_left_alone(shop: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grams, "FULL", 1 << 8)
    put(shop, texts(40))
    while grams._renew_batch(8):
        pass
    before = set(GramBlock.objects.values_list("pk", flat=True))
    grams.pack()
    assert set(GramBlock.objects.values_list("pk", flat=True)) == before


def test_deleted_contents_leave_their_blocks(shop: Repository, alice: User) -> None:
    put(shop, texts(20))
    grams.renew()
    SourceFile.objects.filter(path__lt="015").delete()
    garbage_collection.mark()
    garbage_collection.sweep(timedelta(0))
    grams.forget_deleted()
    assert held() == sorted(Blob.objects.values_list("pk", flat=True))
    assert len(held()) == 5
    assert places(find(alice, "word_017")) == [("017.py", line) for line in (1, 2, 3)]
    Blob.objects.filter(source_files=None).delete()
    repositories.remove(shop, by=alice)
    garbage_collection.mark()
    garbage_collection.sweep(timedelta(0))
    grams.forget_deleted()
    assert not GramBlock.objects.exists()


def test_a_run_stores_grams_with_its_contents(
    alice: User, registered: Repository, source: GitRepository, tmp_path: Path, settings: Any
) -> None:
    settings.CODEINDEX_HOME = tmp_path / "home"
    source.commit({"shop/cart.py": "def total(basket):\n    return 0\n", "README": "The total\n"})
    shelf.space()
    tasks.request_index(repository=registered, by=alice)
    pipeline.index_next()
    assert not Blob.objects.filter(grams=0).exists()
    assert held() == sorted(Blob.objects.values_list("pk", flat=True))
    assert places(find(alice, "TOTAL")) == [("README", 1), ("shop/cart.py", 1)]

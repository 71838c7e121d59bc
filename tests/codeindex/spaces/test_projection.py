"""The map of a space: what is near in the space is near on it, and it follows what is indexed."""

from __future__ import annotations

import numpy as np
import pytest
from django.contrib.auth.models import User

from codeindex.ingestion import garbage_collection
from codeindex.models import (
    EDGE,
    Definition,
    Embedding,
    MapPoint,
    Projection,
    Repository,
    SourceFile,
    Text,
)
from codeindex.spaces import projection
from tests import shelf

pytestmark = pytest.mark.django_db


def clouds(sizes: tuple[int, ...], dimensions: int = shelf.DIMENSIONS) -> list[list[float]]:
    """Vectors around one axis for each size."""
    chance = np.random.default_rng(4)
    return [
        list(np.eye(dimensions)[axis] + chance.normal(0, 0.05, dimensions))
        for axis, size in enumerate(sizes)
        for _ in range(size)
    ]


@pytest.fixture
def shop(alice: User) -> Repository:
    shelf.space()
    return shelf.repository(alice)


def refreshed() -> Projection:
    current = projection.refresh()
    assert current is not None
    return current


def positions(current: Projection, texts: list[int]) -> np.ndarray:
    known = {point.text_id: (point.x, point.y) for point in current.points.all()}
    return np.array([known[text] for text in texts], float)


def test_what_is_alike_lies_together(shop: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projection, "ANCHORS", 60)
    texts = shelf.put_many(shop, clouds((40, 40, 40)))
    current = refreshed()
    assert (current.texts, current.is_complete, current.measured) == (120, True, 120)
    assert current.points.filter(is_anchor=True).count() == 60
    assert current.trustworthiness is not None
    assert current.trustworthiness > 0.75
    where = positions(current, texts)
    assert where.min() == 0
    assert where.max() == EDGE
    centres = where.reshape(3, 40, 2).mean(axis=1)
    nearest = np.linalg.norm(where[:, None] - centres, axis=2).argmin(axis=1)
    assert (nearest == np.repeat(range(3), 40)).mean() > 0.95


def test_what_is_new_is_placed_and_much_that_is_new_makes_another_map(shop: Repository) -> None:
    old = shelf.put_many(shop, clouds((30, 30)))
    first = refreshed()
    before = positions(first, old)
    other = shelf.repository(shop.owner, "other")
    new = shelf.put_many(other, clouds((5, 0)))
    again = refreshed()
    assert again == first
    assert (positions(again, old) == before).all()
    centre = before[:30].mean(axis=0)
    spread = np.linalg.norm(before[:30] - centre, axis=1).max()
    assert (np.linalg.norm(positions(again, new) - centre, axis=1) <= spread).all()
    shelf.put_many(shelf.repository(shop.owner, "third"), clouds((0, 0, 20)))
    second = refreshed()
    assert second.pk > first.pk
    assert list(Projection.objects.all()) == [second]
    assert second.points.count() == 85


def test_only_what_is_live_and_has_a_vector_is_on_it(shop: Repository) -> None:
    texts = shelf.put_many(shop, clouds((25,)))
    Embedding.objects.filter(text__in=texts[:3]).update(state="pending", vector=None)
    assert refreshed().points.count() == 22
    SourceFile.objects.update(live=False)
    assert projection.refresh() is None


def test_there_is_no_map_of_little_or_without_a_space(shop: Repository) -> None:
    shelf.put_many(shop, clouds((5,)))
    assert projection.refresh() is None
    assert not Projection.objects.exists()


def test_an_interrupted_map_is_not_shown_and_made_again(shop: Repository) -> None:
    shelf.put_many(shop, clouds((25,)))
    half = Projection.objects.create(space_id=Embedding.objects.first().space_id, texts=25)  # type: ignore[union-attr]
    assert projection.latest(half.space) is None
    assert refreshed() != half
    assert Projection.objects.count() == 1


def test_points_go_with_their_texts(shop: Repository) -> None:
    shelf.put_many(shop, clouds((25,)))
    refreshed()
    SourceFile.objects.all().delete()
    Definition.objects.all().delete()
    Text.objects.update(unused_since="2020-01-01T00Z")
    garbage_collection.sweep()
    assert not MapPoint.objects.exists()
    assert not Text.objects.exists()

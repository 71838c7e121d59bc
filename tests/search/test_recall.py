from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from codeindex.models import RecallSample, Space
from codeindex.spaces import lifecycle
from search import recall, tasks
from tests import shelf
from tests.shelf import Written


@pytest.fixture
def indexed(space: Space, alice: User) -> Space:
    shop = shelf.repository(alice)
    for number in range(30):
        vector = (1, number / 10, 0, 1 / (number + 1))
        shelf.put(shop, f"f{number}.py", Written(f"def f{number}(): ...", f"f{number}", vector))
    return space


@pytest.mark.django_db(transaction=True)
def test_the_index_is_compared_with_all_vectors(indexed: Space, settings: Any) -> None:
    settings.CODEINDEX_EXACT_TEXTS = 10
    lifecycle.build_index(indexed)
    asked: list[str] = []

    def encode(space: Space, query: str) -> list[float]:
        asked.append(query)
        return [1.0, 0.5, 0.0, 0.1]

    sample = recall.sample(encode)
    assert sample
    assert (sample.queries, sample.sought, sample.found) == (3, 30, 30)
    assert all(query.startswith("f") for query in asked)


@pytest.mark.django_db
def test_nothing_is_measured_where_every_search_is_exact(indexed: Space) -> None:
    assert recall.sample(lambda space, query: [1.0, 0, 0, 0]) is None
    tasks.sample_recall()
    assert not RecallSample.objects.exists()


@pytest.mark.django_db
def test_nothing_is_measured_without_an_index() -> None:
    assert recall.sample(lambda space, query: [1.0, 0, 0, 0]) is None

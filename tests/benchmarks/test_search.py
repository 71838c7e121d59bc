"""What `benchmarks.search` measures with: replicas are entries of the index like others."""

from __future__ import annotations

import numpy as np
import pytest
from django.contrib.auth.models import User

from benchmarks import replicated_index
from benchmarks.http_load import time_concurrently, time_sequentially
from benchmarks.nearest_neighbours import SpaceVectors, in_memory_indexes, recall
from codeindex.models import Space
from tests import shelf
from tests.search.asking import find
from tests.shelf import Written

EAST, NORTH = (1.0, 0, 0, 0), (0, 1.0, 0, 0)


@pytest.mark.django_db(transaction=True)
def test_an_index_grows_by_replicas_that_are_found_like_the_first(alice: User) -> None:
    space: Space = shelf.space()
    shop = shelf.repository(alice)
    shelf.put(shop, "load.py", Written("def load(csv): ...", "load", EAST))
    shelf.put(shop, "save.py", Written("def save(csv): ...", "save", NORTH))
    replicated_index.grow(space, 5)
    assert replicated_index.live_definitions() == 6
    paths = {result.definition.place.path for result in find(alice, "load").results}
    assert paths == {"load.py", "shop/load.py"}
    stored = SpaceVectors.read(space)
    assert len(stored.rows) == 6
    assert np.linalg.norm(stored.rows, axis=1) == pytest.approx(np.ones(6), abs=1e-3)
    near = sorted(stored.rows @ np.array(EAST, np.float32))[3:5]
    assert all(0.9 < cosine < 0.9999 for cosine in near)
    replicated_index.grow(space, 6)
    assert replicated_index.live_definitions() == 6


def test_recall_is_the_share_of_the_nearest_that_were_found() -> None:
    random = np.random.default_rng(0)
    rows = random.standard_normal((300, 8)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    stored = SpaceVectors(np.arange(1000, 1300), rows)
    exact = stored.exact_nearest(rows[:5])
    assert all(1000 + row in best for row, best in enumerate(exact))
    assert stored.restricted_to([1000, 1001]).exact_nearest(rows[:1]) == [{1000, 1001}]
    assert recall([sorted(best) for best in exact], exact) == 1
    assert recall([sorted(best)[:5] for best in exact], exact) == 0.5
    for index in in_memory_indexes(stored):
        assert recall([index.search(row) for row in rows[:5]], exact) > 0.8


def test_each_query_is_put_once_by_one_client_or_by_many() -> None:
    put: list[str] = []
    queries = [str(number) for number in range(10)]
    for latencies in (
        time_sequentially(put.append, queries),
        time_concurrently([put.append] * 3, queries),
    ):
        assert len(latencies.calls) == len(queries)
    assert sorted(put) == sorted(queries * 2)

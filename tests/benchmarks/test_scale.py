"""The measurements of growth: vectors are the same each time, and recall is that against all."""

from __future__ import annotations

import numpy as np

from benchmarks.scaling import vectors
from benchmarks.scaling.vectors import NEAREST, Nearest, Real

RANDOM = np.random.default_rng(0)


def unit(count: int) -> np.ndarray:
    rows = RANDOM.standard_normal((count, 16)).astype(np.float32)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def test_replicas_are_the_same_each_time_and_near_their_originals() -> None:
    real = Real(unit(50), unit(3))
    ((_, rows),) = vectors.blocks(real, 150)
    ((_, again),) = vectors.blocks(real, 150)
    assert np.array_equal(rows, again)
    cosines = (rows[:50] * rows[50:100]).sum(axis=1)
    assert 0.85 < cosines.mean() < 0.97
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-2)


def test_recall_is_that_against_a_comparison_with_all() -> None:
    rows, queries = unit(500), unit(4)
    nearest = Nearest(queries)
    for start in range(0, 500, 120):
        nearest.see(start, rows[start : start + 120])
    best = np.argsort(-queries @ rows.T, axis=1)[:, :NEAREST].tolist()
    assert nearest.recall(best) == 1
    assert nearest.recall([own[: NEAREST // 2] for own in best]) == 0.5
    even = Nearest(queries)
    even.see(0, rows, np.arange(500) % 2 == 0)
    assert even.recall([[number for number in own if number % 2] for own in best]) == 0

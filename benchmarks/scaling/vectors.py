"""Any number of vectors near those of a real index, the same ones each time, and the exact nearest
of some real queries among them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from embeddings.types import Matrix

NEAREST = 10
NOISE = 0.4
"""As in `benchmarks.replicated_index`: a replica's cosine to its original is 0.93."""

BLOCK = 20_000


@dataclass(frozen=True, slots=True)
class Real:
    """The vectors (n, d) of definitions, and those (m, d) of queries for them."""

    rows: Matrix
    queries: Matrix

    @classmethod
    def load(cls, file: Path) -> Real:
        held = np.load(file)
        return cls(held["rows"].astype(np.float32), held["queries"].astype(np.float32))

    @property
    def dimensions(self) -> int:
        return int(self.rows.shape[1])


def blocks(real: Real, count: int, seed: int = 0) -> Iterator[tuple[int, Matrix]]:
    """`count` vectors with the number of the first one of each block: the real ones, in a random
    order, and then replicas of them."""
    order = np.random.default_rng(seed).permutation(len(real.rows))
    for start in range(0, count, BLOCK):
        numbers = np.arange(start, min(start + BLOCK, count))
        rows = real.rows[order[numbers % len(order)]]
        is_replica = numbers >= len(order)
        if is_replica.any():
            noise = np.random.default_rng([seed, start]).standard_normal(rows.shape, np.float32)
            noise *= NOISE / np.linalg.norm(noise, axis=1, keepdims=True)
            rows = rows + noise * is_replica[:, None]
            rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        yield start, rows.astype(np.float16).astype(np.float32)


class Nearest:
    """The exact nearest vectors of each query, found while the vectors pass by. Ties at the end are
    cut."""

    def __init__(self, queries: Matrix) -> None:
        self._queries = queries
        self._scores = np.full((len(queries), NEAREST), -np.inf, np.float32)
        self._ids = np.full((len(queries), NEAREST), -1, np.int64)

    def see(self, start: int, rows: Matrix, keep: np.ndarray | None = None) -> None:
        """Rows with consecutive ids from `start` on; of them, those where `keep` is true."""
        ids = np.arange(start, start + len(rows))
        if keep is not None:
            ids, rows = ids[keep], rows[keep]
        scores = np.concatenate([self._scores, self._queries @ rows.T], axis=1)
        every = np.concatenate([self._ids, np.broadcast_to(ids, (len(scores), len(ids)))], axis=1)
        best = np.argpartition(-scores, NEAREST - 1, axis=1)[:, :NEAREST]
        self._scores = np.take_along_axis(scores, best, axis=1)
        self._ids = np.take_along_axis(every, best, axis=1)

    def recall(self, results: list[list[int]]) -> float:
        """The share of the nearest that are among the results of each query."""
        hits = sum(
            len(set(own) & set(found))
            for own, found in zip(self._ids.tolist(), results, strict=True)
        )
        return hits / int((self._ids >= 0).sum())

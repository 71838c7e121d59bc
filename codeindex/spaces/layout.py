"""Vectors laid out in two dimensions, so that what is near in many dimensions is near on a map.

A sample, the anchors, is laid out by t-SNE (van der Maaten and Hinton, 2008) on its first principal
components. Every other vector is placed beside its nearest anchor: t-SNE takes minutes for tens of
thousands of points, and placing takes a millisecond each.

scikit-learn takes a second and 60 MB to load, so that only the task that uses this imports it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from sklearn.manifold import trustworthiness as measure
from sklearn.neighbors import NearestNeighbors
from threadpoolctl import threadpool_limits

COMPONENTS = 50
"""Principal components that the layout reads."""

PERPLEXITY = 30.0
"""How many neighbours of each point the layout minds, roughly."""

ROOM = 5
"""Neighbours of an anchor within which others are placed."""

JUDGED = 10
"""Neighbours by which trustworthiness is measured."""

SEED = 0

Vectors = NDArray[np.float32]


def arrange(vectors: Vectors, before: Vectors | None = None) -> Vectors:
    """Positions, of shape (n, 2), for vectors of shape (n, dimensions) and length one; n is at
    least 3. The layout begins with the positions that points had `before`, of shape (n, 2), if they
    are given, so that a new map resembles the old one."""
    count, dimensions = vectors.shape
    components = min(COMPONENTS, count, dimensions)
    reduced = PCA(components, random_state=SEED).fit_transform(vectors)
    first = reduced[:, :2] if before is None else before
    spread = np.std(first[:, 0]) or 1.0
    layout = TSNE(
        init=np.ascontiguousarray(first / spread * 1e-4, dtype=np.float32),
        perplexity=min(PERPLEXITY, (count - 1) / 3),
        random_state=SEED,
    )
    # One thread: those of OpenMP wait busily where other work uses the processors
    with threadpool_limits(1):
        positions: Vectors = layout.fit_transform(reduced).astype(np.float32)
    return positions


class Anchors:
    """Positions of vectors that were laid out, beside which others are placed."""

    def __init__(self, vectors: Vectors, positions: Vectors) -> None:
        self._vectors, self._positions = vectors, positions
        count = min(ROOM + 1, len(positions))
        distances, _ = NearestNeighbors(n_neighbors=count).fit(positions).kneighbors(positions)
        self._room = distances[:, -1]

    def place(self, vectors: Vectors) -> Vectors:
        """Positions for vectors, of shape (n, 2): beside the nearest anchor, in the direction of
        the second nearest, and so much the further as that is nearly as near. No point leaves the
        surroundings of its anchor, since two similar anchors may lie far apart."""
        similarity = vectors @ self._vectors.T
        first, second = (
            np.argsort(-similarity, axis=1)[:, :2].T
            if len(self._vectors) > 1
            else (np.zeros((2, len(vectors)), int))
        )
        rows = np.arange(len(vectors))
        away = 1 - similarity[rows, first], 1 - similarity[rows, second]
        share = away[0] / np.maximum(away[0] + away[1], 1e-9)
        way = self._positions[second] - self._positions[first]
        length = np.maximum(np.linalg.norm(way, axis=1), 1e-9)
        step = share * np.minimum(length, self._room[first]) / length
        placed: Vectors = (self._positions[first] + step[:, None] * way).astype(np.float32)
        return placed


def trustworthiness(vectors: Vectors, positions: Vectors) -> float | None:
    """The share of JUDGED neighbours on the map that are neighbours in the space, from 0 to 1,
    where those that are far away count more (Venna and Kaski, 2001). None for too few points."""
    if len(vectors) < 4 * JUDGED:
        return None
    return float(measure(vectors, positions, n_neighbors=JUDGED, metric="cosine"))

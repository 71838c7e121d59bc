"""Areas of the map, each with the words that are most its own: what the map shows, as text."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embeddings.code.words import parts
from embeddings.types import Kind
from search.map.points import Points
from search.query import lexemes

MOST_AREAS = 16
FEWEST_POINTS = 25
"""Of an area, on average."""

WORDS = 5
REPOSITORIES = 3

ROUNDS = 20
"""Of k-means; it has mostly settled before."""

SEED = 0

PROSE = (Kind.SECTION, Kind.CELL, Kind.FILE)
"""Kinds whose names are no identifiers."""


@dataclass(frozen=True, slots=True)
class Area:
    """Where it lies, from 0 to EDGE; how many points it has; the words of their names that are most
    its own; and the ids of the repositories that have most of them."""

    x: int
    y: int
    points: int
    words: list[str]
    repositories: list[int]


def areas(points: Points) -> list[Area]:
    """The areas of the map, the largest first."""
    places = np.stack([points.x, points.y], axis=1).astype(np.float64)
    count = max(1, min(MOST_AREAS, len(points) // FEWEST_POINTS))
    nearest, centres = _clusters(places, count)
    words = [Counter[str]() for _ in centres]
    repositories = [Counter[int]() for _ in centres]
    named = zip(nearest, points.kinds, points.names, points.repositories, strict=True)
    for area, kind, name, repository in named:
        repositories[area][repository] += 1
        if kind not in PROSE:
            words[area].update({word for word in parts(name) if len(word) > 2 and word.isalpha()})
    everywhere = sum(words, Counter[str]())
    for stop_word in [word for word, stem in lexemes.stems(everywhere).items() if not stem]:
        del everywhere[stop_word]
    found = [
        Area(
            round(x), round(y), of.total(), _own(words[area], everywhere, of.total() / len(points)),
            [repository for repository, _ in of.most_common(REPOSITORIES)],
        )
        for area, ((x, y), of) in enumerate(zip(centres.tolist(), repositories, strict=True))
        if of
    ]  # fmt: skip
    return sorted(found, key=lambda area: -area.points)


def _own(words: Counter[str], everywhere: Counter[str], share: float) -> list[str]:
    """The words of `everywhere` that are more frequent here, where `share` of all points are."""
    weighed = {
        word: count * math.log(count / (everywhere[word] * share))
        for word, count in words.items()
        if count > 1 and word in everywhere
    }
    return sorted(weighed, key=lambda word: (-weighed[word], word))[:WORDS]


def _clusters(places: NDArray[np.float64], count: int) -> tuple[Sequence[int], NDArray[np.float64]]:
    """The number of each place's cluster, and the clusters' centres: k-means with the first centres
    of k-means++."""
    chance = np.random.default_rng(SEED)
    centres = places[:1]
    for _ in range(count - 1):
        distances = _distances(places, centres).min(axis=1)
        total = distances.sum()
        if not total:
            break
        centres = np.vstack([centres, places[chance.choice(len(places), p=distances / total)]])
    for _ in range(ROUNDS):
        nearest = _distances(places, centres).argmin(axis=1)
        means = [places[nearest == each].mean(axis=0) for each in range(len(centres))
                 if (nearest == each).any()]  # fmt: skip
        if len(means) == len(centres) and np.allclose(means, centres):
            break
        centres = np.array(means)
    return _distances(places, centres).argmin(axis=1).tolist(), centres


def _distances(places: NDArray[np.float64], centres: NDArray[np.float64]) -> NDArray[np.float64]:
    """Squared, of shape (places, centres)."""
    squared: NDArray[np.float64] = ((places[:, None] - centres) ** 2).sum(axis=2)
    return squared

"""Composition of names from subtokens: which ones occur together, and in which order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import combinations

# Pseudo-count of pairs: for rare subtokens it makes co-occurrence neither likely nor unlikely.
SMOOTHING = 0.3


class Cooccurrence:
    """How often subtokens occur together in known names. Each of `get`, `read` and `load` may be
    probable, but they are synonyms, and a name has only one of them."""

    def __init__(self, names: Sequence[Sequence[str]]) -> None:
        self._names = len(names)
        self._single = Counter(part for name in names for part in set(name))
        self._pairs = Counter(pair for name in names for pair in combinations(sorted(set(name)), 2))
        self._places = _places(names)

    def most_probable(self, probabilities: dict[str, float], most: int) -> list[tuple[str, float]]:
        """At most `most` subtokens with their probabilities, the most probable first. Each
        probability is discounted by how rarely names combine the subtoken with those before."""
        left = dict(probabilities)
        found: list[tuple[str, float]] = []
        while left and len(found) < most:
            best = max(left, key=left.__getitem__)
            found.append((best, left.pop(best)))
            for part in left:
                left[part] = min(left[part], probabilities[part] * self._beside(best, part))
        return found

    def name(self, parts: Sequence[str]) -> str:
        """The subtokens joined in their usual order."""
        return "_".join(sorted(parts, key=lambda part: self._places.get(part, 0.5)))

    def _beside(self, one: str, other: str) -> float:
        """The number of names with both, relative to what is expected by chance; at most 1."""
        by_chance = self._single[one] * self._single[other] / max(1, self._names)
        together = self._pairs[min(one, other), max(one, other)]
        return min(1.0, (together + SMOOTHING) / (by_chance + SMOOTHING))


def _places(names: Sequence[Sequence[str]]) -> dict[str, float]:
    """Subtoken → its mean position in names, from 0 (beginning) to 1 (end)."""
    found: dict[str, list[float]] = {}
    for name in names:
        for place, part in enumerate(name):
            found.setdefault(part, []).append((place + 0.5) / len(name))
    return {part: sum(places) / len(places) for part, places in found.items()}

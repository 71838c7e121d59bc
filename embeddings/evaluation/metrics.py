"""How good vectors and predicted names are: MRR, nDCG, and precision, recall and F1 over the
subtokens of names, each a mean with a 95% bootstrap interval."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from embeddings.networks.vocabulary import subtokens
from embeddings.types import Matrix

Values = NDArray[np.float64]
Ranks = NDArray[np.int64]

Place = tuple[str, int, int]
"""A file's path, a first line and a last one."""

LAST_LINE = 1 << 31
RESAMPLES = 1000
BLOCK = 256
NDCG_DEPTH = 10


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured value and the ends of its 95% interval; `drawn` are the values of the resamples,
    where they are known."""

    value: float
    low: float
    high: float
    drawn: Values | None = field(default=None, compare=False, repr=False)

    @property
    def stated(self) -> tuple[float, float, float]:
        """What is kept of it: all but the resamples."""
        return self.value, self.low, self.high

    def less(self, other: Figure) -> Figure:
        """How much this one is above another over the same items. Both were resampled alike, so
        that the interval is that of a paired bootstrap."""
        if self.drawn is None or other.drawn is None:
            raise ValueError("Only figures that were just measured can be compared.")
        return _figure(self.value - other.value, self.drawn - other.drawn)

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.low:.3f}–{self.high:.3f})"


@dataclass(frozen=True, slots=True)
class NameScores:
    """Predicted names against true ones, over subtokens as in code2vec and code2seq, and exact."""

    precision: Figure
    recall: Figure
    f1: Figure
    exact: Figure


def ranks(queries: Matrix, candidates: Matrix, relevant: Sequence[int]) -> Ranks:
    """For each query the rank, from 1, of its one relevant candidate among all of them; of equal
    scores the relevant one comes last."""
    found = [np.zeros(0, np.int64)]
    for start in range(0, len(queries), BLOCK):
        rows = np.asarray(relevant[start : start + BLOCK])
        scores = queries[start : start + BLOCK] @ candidates.T
        own = scores[np.arange(len(rows)), rows]
        found.append((scores >= own[:, None]).sum(axis=1))
    return np.concatenate(found)


def ranks_among(queries: Matrix, candidates: Matrix, distractors: int, seed: int) -> Ranks:
    """CodeSearchNet's protocol: row i of the queries belongs to row i of the candidates, and is
    ranked among its own and `distractors` others, in groups of one random order."""
    order = np.random.default_rng(seed).permutation(len(queries))
    size = min(distractors + 1, len(order))
    groups = [order[start : start + size] for start in range(0, len(order), size)]
    whole = [group for group in groups if len(group) == size]
    found = [ranks(queries[group], candidates[group], range(size)) for group in whole]
    return np.concatenate([np.zeros(0, np.int64), *found])


def mrr(found: Ranks, seed: int = 0) -> Figure:
    """Mean reciprocal rank."""
    return interval((1 / found).astype(np.float64), seed=seed)


def ndcg(found: Ranks, depth: int = NDCG_DEPTH, seed: int = 0) -> Figure:
    """Normalised discounted cumulative gain at `depth`, where one candidate is relevant."""
    gains = np.where(found <= depth, 1 / np.log2(found + 1.0), 0.0)
    return interval(gains, seed=seed)


def meets(result: Place, target: Place) -> bool:
    """Whether both lie in one file and have a line in common."""
    path, first, last = result
    wanted, start, end = target
    return path == wanted and first <= end and start <= last


def target_ndcg(results: Sequence[Place], targets: Sequence[Place]) -> float:
    """nDCG of one query at `NDCG_DEPTH`: a target counts once, at the first result that meets it,
    and the ideal has all targets first."""
    gains = (1 / math.log2(rank + 1) for rank in _first_ranks(results[:NDCG_DEPTH], targets))
    ideal = (1 / math.log2(rank + 1) for rank in range(1, min(len(targets), NDCG_DEPTH) + 1))
    return sum(gains) / sum(ideal)


def name_scores(predicted: Sequence[str], actual: Sequence[str], seed: int = 0) -> NameScores:
    """Subtokens are counted over all names together, so that long names weigh more."""
    rows = [_overlap(one, other) for one, other in zip(predicted, actual, strict=True)]
    counts = np.array(rows, dtype=np.float64).reshape(-1, 3)
    exact = np.array([float(a == b) for a, b in zip(predicted, actual, strict=True)])

    def precision(sums: Values) -> Values:
        return sums[..., 0] / np.maximum(sums[..., 1], 1)

    def recall(sums: Values) -> Values:
        return sums[..., 0] / np.maximum(sums[..., 2], 1)

    def f1(sums: Values) -> Values:
        return 2 * sums[..., 0] / np.maximum(sums[..., 1] + sums[..., 2], 1)

    return NameScores(
        precision=_ratio(counts, precision, seed),
        recall=_ratio(counts, recall, seed),
        f1=_ratio(counts, f1, seed),
        exact=interval(exact, seed=seed),
    )


def interval(values: Values, seed: int = 0) -> Figure:
    """The mean of the values and its bootstrap interval."""
    return _ratio(values, lambda sums: sums / len(values), seed)


def _ratio(rows: Values, ratio: Callable[[Values], Values], seed: int) -> Figure:
    """A figure that depends on the sums of the rows' columns alone."""
    if not len(rows):
        return Figure(float("nan"), float("nan"), float("nan"))
    random = np.random.default_rng(seed)
    weights = random.multinomial(len(rows), np.full(len(rows), 1 / len(rows)), size=RESAMPLES)
    return _figure(float(ratio(rows.sum(axis=0))), ratio(weights @ rows))


def _figure(value: float, drawn: Values) -> Figure:
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Figure(value, float(low), float(high), drawn)


def _first_ranks(results: Sequence[Place], targets: Sequence[Place]) -> Iterator[int]:
    for target in targets:
        met = (rank for rank, result in enumerate(results, start=1) if meets(result, target))
        yield from islice(met, 1)


def _overlap(predicted: str, actual: str) -> tuple[int, int, int]:
    """Subtokens that agree, that were predicted, that there are."""
    guessed, true = Counter(subtokens(predicted)), Counter(subtokens(actual))
    return (guessed & true).total(), guessed.total(), true.total()

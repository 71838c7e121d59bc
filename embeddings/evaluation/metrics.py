"""Quality of vectors and predicted names: MRR, nDCG, and precision, recall and F1 over the
subtokens of names. Each is a mean with a 95% bootstrap interval."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np
from more_itertools import sliced
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
    """A measured value and the ends of its 95% interval. `resamples` (RESAMPLES,) holds the values
    of the bootstrap resamples, which are not stored with a figure."""

    value: float
    low: float
    high: float
    resamples: Values | None = field(default=None, compare=False, repr=False)

    @property
    def with_interval(self) -> tuple[float, float, float]:
        """The value, the lower and the upper end of its interval."""
        return self.value, self.low, self.high

    def minus(self, other: Figure) -> Figure:
        """The difference to another figure of the same items. Both were resampled alike, so that
        the interval is that of a paired bootstrap. Raises ValueError for a figure that was stored,
        which has no resamples."""
        if self.resamples is None or other.resamples is None:
            raise ValueError("Only figures that were just measured can be compared.")
        return _figure(self.value - other.value, self.resamples - other.resamples)

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.low:.3f}–{self.high:.3f})"


@dataclass(frozen=True, slots=True)
class NameScores:
    """Predicted names compared with true ones: over subtokens, as in code2vec and code2seq, and
    `exact`, as whole names."""

    precision: Figure
    recall: Figure
    f1: Figure
    exact: Figure


def ranks(queries: Matrix, candidates: Matrix, relevant: Sequence[int]) -> Ranks:
    """Queries (n, d), candidates (m, d) and n rows of candidates → (n,): the rank, from 1, of each
    query's relevant candidate among all of them. Of equal scores, the relevant one comes last."""
    blocks = [np.zeros(0, np.int64)]
    for part, rows in zip(sliced(queries, BLOCK), sliced(relevant, BLOCK), strict=True):
        scores = part @ candidates.T
        own = scores[np.arange(len(rows)), np.asarray(rows)]
        blocks.append((scores >= own[:, None]).sum(axis=1))
    return np.concatenate(blocks)


def ranks_among(queries: Matrix, candidates: Matrix, distractors: int, seed: int) -> Ranks:
    """CodeSearchNet's protocol: row i of the candidates is relevant for row i of the queries, and
    is ranked among itself and `distractors` others, in groups of one random order. Queries of the
    last group are left out if it is smaller."""
    order = np.random.default_rng(seed).permutation(len(queries))
    size = min(distractors + 1, len(order))
    groups = [group for group in sliced(order, max(size, 1)) if len(group) == size]
    blocks = [ranks(queries[group], candidates[group], range(size)) for group in groups]
    return np.concatenate([np.zeros(0, np.int64), *blocks])


def mrr(ranks: Ranks, seed: int = 0) -> Figure:
    """Mean reciprocal rank."""
    return interval((1 / ranks).astype(np.float64), seed=seed)


def ndcg(ranks: Ranks, depth: int = NDCG_DEPTH, seed: int = 0) -> Figure:
    """Normalised discounted cumulative gain at `depth`, with one relevant candidate per query."""
    gains = np.where(ranks <= depth, 1 / np.log2(ranks + 1.0), 0.0)
    return interval(gains, seed=seed)


def auc(positive: Values, negative: Values) -> float:
    """The area under the ROC curve: how often a value (n,) of what is to be found exceeds one (m,)
    of what is not; ties count half."""
    return float(((np.sign(positive[:, None] - negative[None, :]) + 1) / 2).mean())


def overlaps(result: Place, target: Place) -> bool:
    """Whether both places are in one file and have a line in common."""
    path, first, last = result
    target_path, start, end = target
    return path == target_path and first <= end and start <= last


def target_ndcg(results: Sequence[Place], targets: Sequence[Place]) -> float:
    """nDCG of one query at `NDCG_DEPTH`. A target counts once, at the first result that overlaps
    it; in the ideal order all targets come first."""
    gains = (1 / math.log2(rank + 1) for rank in _first_ranks(results[:NDCG_DEPTH], targets))
    ideal = (1 / math.log2(rank + 1) for rank in range(1, min(len(targets), NDCG_DEPTH) + 1))
    return sum(gains) / sum(ideal)


def name_scores(predicted: Sequence[str], actual: Sequence[str], seed: int = 0) -> NameScores:
    """n predicted names compared with n true ones. Subtokens are counted over all names together,
    so that long names weigh more."""
    pairs = list(zip(predicted, actual, strict=True))
    rows = [_common_subtokens(guess, name) for guess, name in pairs]
    counts = np.array(rows, dtype=np.float64).reshape(-1, 3)
    exact = np.array([float(guess == name) for guess, name in pairs])

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
    """The mean of values (n,) and its bootstrap interval."""
    return _ratio(values, lambda sums: sums / len(values), seed)


def _ratio(rows: Values, ratio: Callable[[Values], Values], seed: int) -> Figure:
    """A figure that is computed from the column sums of the rows."""
    if not len(rows):
        return Figure(float("nan"), float("nan"), float("nan"))
    random = np.random.default_rng(seed)
    weights = random.multinomial(len(rows), np.full(len(rows), 1 / len(rows)), size=RESAMPLES)
    return _figure(float(ratio(rows.sum(axis=0))), ratio(weights @ rows))


def _figure(value: float, resamples: Values) -> Figure:
    low, high = np.quantile(resamples, [0.025, 0.975])
    return Figure(value, float(low), float(high), resamples)


def _first_ranks(results: Sequence[Place], targets: Sequence[Place]) -> Iterator[int]:
    for target in targets:
        ranks = (rank for rank, result in enumerate(results, start=1) if overlaps(result, target))
        yield from islice(ranks, 1)


def _common_subtokens(predicted: str, actual: str) -> tuple[int, int, int]:
    """How many subtokens both names have, how many the predicted one and how many the true one."""
    guessed, true = Counter(subtokens(predicted)), Counter(subtokens(actual))
    return (guessed & true).total(), guessed.total(), true.total()

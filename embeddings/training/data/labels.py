"""Labels: what is learnt of a function's name, which names are worth learning, and how well they
are predicted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from embeddings.evaluation import metrics
from embeddings.naming.disagreement import Thresholds
from embeddings.naming.network import Labels, Names
from embeddings.networks.vocabulary import Ids, Mentions, Ragged, subtokens
from embeddings.training.corpus.functions import Function
from embeddings.training.data.dataset import TrainingData
from embeddings.types import Matrix

# A project's functions of the same name, beyond so many of them, teach nothing new.
MOST_NAMESAKES = 20
# Of the sure names of the default checkpoint, a third have the words of the true name, and a little
# more are judged synonymous (docs/results/names.md).
SURE_SHARE = 0.3
SURE_LEVELS = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9)


def label_of(name: str) -> str:
    """A name without the underscores around it. Empty for a dunder method, whose name is the
    language's and not its author's."""
    return "" if name.startswith("__") and name.endswith("__") else name.strip("_")


def label_parts(labels: Labels, functions: Sequence[Function]) -> Ragged:
    """The subtokens of each function's name; none of a dunder method's."""
    return Ragged.from_rows([labels.parts_of(label_of(function.name)) for function in functions])


def informative_names(data: TrainingData, rows: Ids) -> NDArray[np.bool_]:
    """(n,) functions → (n,): whether a name is worth learning, that is, it is a label and its
    project has not repeated it `MOST_NAMESAKES` times before."""
    seen: Counter[tuple[str, str]] = Counter()
    worth = []
    for function in (data.functions[row] for row in rows):
        seen[function.package, function.name] += 1
        repeated = seen[function.package, function.name] > MOST_NAMESAKES
        worth.append(bool(label_of(function.name)) and not repeated)
    return np.array(worth, bool)


def rows_with_informative_names(data: TrainingData, split: str) -> Ids:
    """The functions of a split whose names are worth learning."""
    rows = data.rows(split)
    return rows[informative_names(data, rows)]


def calibrated(predicted: Sequence[Names], actual: Sequence[str]) -> Thresholds:
    """When a predicted name is sure: from the lowest expected F1 from which on `SURE_SHARE` of the
    best names have the words of the true name."""
    best = [names[0] if names else ("", 0.0) for names in predicted]
    is_right = np.array(
        [
            set(subtokens(name)) == set(subtokens(own))
            for (name, _), own in zip(best, actual, strict=True)
        ]
    )
    scores = np.array([score for _, score in best])
    sure = [
        level
        for level in SURE_LEVELS
        if (scores >= level).any() and is_right[scores >= level].mean() >= SURE_SHARE
    ]
    return Thresholds(sure=min(sure, default=SURE_LEVELS[-1]))


@torch.inference_mode()
def label_f1(
    labels: Labels, data: TrainingData, rows: Ids, vectors: Matrix, mentions: Mentions | None
) -> float:
    """Subtoken F1 of the likeliest name, over functions that have a label."""
    predicted = labels.predict(torch.from_numpy(vectors).to(data.device), mentions, 1)
    actual = [label_of(data.functions[row].name) for row in rows]
    return metrics.name_scores([names[0][0] for names in predicted], actual).f1.value

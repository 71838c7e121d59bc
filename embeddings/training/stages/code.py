"""The first stage: code2vec learns names and to find functions by their docstrings. Later stages
read the code vectors that result, so that each fusion is trained in a minute."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Any

import numpy as np
import torch
from more_itertools import sliced
from numpy.typing import NDArray
from torch import Tensor, nn

from embeddings.checkpoints import Network
from embeddings.evaluation import metrics
from embeddings.naming.network import Labels, LabelSource
from embeddings.networks.code2vec import Code2Vec
from embeddings.networks.fusion import CodeOnly
from embeddings.networks.vocabulary import Ids, Lexicon
from embeddings.training.data.dataset import TextView, TrainingData
from embeddings.training.data.features import IndexedContexts
from embeddings.training.data.labels import (
    informative_names,
    label_f1,
    label_parts,
    rows_with_informative_names,
)
from embeddings.training.stages.loop import batch_count, shuffled_batches
from embeddings.training.stages.objectives import Contrast, name_loss
from embeddings.types import Matrix

BATCH = 256
# An epoch sees this many of a definition's contexts, others each time.
TRAINING_CONTEXTS = 80
ALL_CONTEXTS = 1000
MEASURED = 1000


class Objective(StrEnum):
    """What code2vec is trained for: names (eq. 1), finding a function by its docstring (eq. 2), or
    both."""

    LABELS = "labels"
    SEARCH = "search"
    BOTH = "both"


class CodeStage:
    """code2vec, with labels for the first objective and a head for the second. The head is dropped
    afterwards, and so are the labels if they are to come from more than the code vector."""

    name = "code2vec"
    rate = 3e-3

    def __init__(
        self,
        data: TrainingData,
        network: Network,
        lexicon: Lexicon,
        contexts: IndexedContexts,
        queries: int | None,
        objective: Objective,
    ) -> None:
        self._data, self._contexts, self._code2vec = data, contexts, network.code2vec
        self._objective = objective
        width = network.code2vec.layer.out_features
        self._labels = network.labels
        if network.source is not LabelSource.CODE:
            self._labels = Labels(lexicon.labels, width)
        self._head, self._contrast = CodeOnly(data.model.dimensions, width), Contrast()
        self.trained = nn.ModuleList([self._code2vec, self._labels, self._head, self._contrast]).to(
            data.device
        )
        self._held_out = data.rows("validation", described=True)[:MEASURED]
        searched = np.concatenate([data.rows("train", described=True)[:queries], self._held_out])
        data.prepare({TextView.QUERY}, searched)
        self._described = np.isin(np.arange(len(data.functions)), searched)
        rows = data.rows("train")
        worth = self._described[rows]
        if objective is not Objective.SEARCH:
            worth = worth | informative_names(data, rows)
        self._rows = rows[worth]
        self._parts = label_parts(self._labels, data.functions)

    def steps(self) -> int:
        return batch_count(self._rows, BATCH)

    def losses(self, random: np.random.Generator) -> Iterator[dict[str, Tensor]]:
        for rows in shuffled_batches(self._rows, BATCH, random):
            batch = self._contexts.batch(rows, TRAINING_CONTEXTS, random).to(self._data.device)
            vectors = self._code2vec(batch).vectors
            losses = {}
            if self._objective is not Objective.SEARCH:
                losses["labels"] = self._label_loss(rows, vectors)
            if self._objective is not Objective.LABELS:
                losses["search"] = self._search_loss(rows, vectors)
            yield losses

    def measure(self) -> dict[str, float]:
        named = rows_with_informative_names(self._data, "validation")[:MEASURED]
        code = self._vectors(self._held_out)
        queries = self._head.query(self._data.vectors(TextView.QUERY, self._held_out))
        ranks = metrics.ranks(queries, self._head.fuse(code, code), range(len(code)))
        f1 = label_f1(self._labels, self._data, named, self._vectors(named), None)
        return {"validation label f1": f1, "validation mrr": metrics.mrr(ranks).value}

    def _label_loss(self, rows: Ids, vectors: Tensor) -> Tensor:
        targets = self._labels.targets(self._parts.take(rows))
        return name_loss(self._labels(vectors).parts, targets)

    def _search_loss(self, rows: Ids, vectors: Tensor) -> Tensor:
        described = self._described[rows]
        code = vectors[self._tensor(described)]
        queries = self._tensor(self._data.vectors(TextView.QUERY, rows[described]))
        loss: Tensor = self._contrast(
            self._head.definitions(code, code), self._head.queries(queries)
        )
        return loss

    def _vectors(self, rows: Ids) -> Matrix:
        return code_vectors(self._code2vec, self._contexts, rows, self._data.device)

    def _tensor(self, rows: NDArray[Any]) -> Tensor:
        return torch.from_numpy(rows).to(self._data.device)


@torch.inference_mode()
def code_vectors(
    code2vec: Code2Vec,
    contexts: IndexedContexts,
    rows: Ids,
    device: str,
    limit: int = ALL_CONTEXTS,
) -> Matrix:
    """(n,) functions → their code vectors (n, code), from at most `limit` of their contexts."""
    was_training = code2vec.training
    code2vec.eval()
    random = np.random.default_rng(0)
    vectors = [np.zeros((0, code2vec.layer.out_features), np.float32)]
    for part in sliced(rows, BATCH):
        batch = contexts.batch(part, limit, random).to(device)
        vectors.append(code2vec(batch).vectors.cpu().numpy())
    code2vec.train(was_training)
    return np.concatenate(vectors)

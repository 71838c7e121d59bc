"""The stages of training: code2vec, the fusion on top of it, and the names. The later ones read
code vectors that the first has left, so that every fusion is trained in a minute."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from enum import StrEnum
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from embeddings.checkpoints import Network
from embeddings.evaluation import metrics
from embeddings.naming.network import Labels, LabelSource
from embeddings.networks.code2vec import Code2Vec
from embeddings.networks.fusion import CodeOnly
from embeddings.networks.query_encoders import word_batch
from embeddings.networks.vocabulary import Ids, Lexicon, Mentions, Ragged
from embeddings.training.corpus.functions import Function
from embeddings.training.data.dataset import ANSWERS, ASKED, Data, View
from embeddings.training.data.features import Indexed
from embeddings.training.stages.objectives import Contrast, name_loss
from embeddings.types import Matrix

CODE_BATCH, FUSION_BATCH = 256, 1024
# An epoch sees so many of a definition's contexts, others each time.
TRAINING_CONTEXTS = 80
ALL_CONTEXTS = 1000
MEASURED = 1000
SAME_NAMES = 20


class Objective(StrEnum):
    """What code2vec is trained for: names (eq. 1), finding a function by its docstring (eq. 2), or
    both together."""

    LABELS = "labels"
    SEARCH = "search"
    BOTH = "both"


def label_of(name: str) -> str:
    """A name as a label: without the underscores around it; empty for a dunder method, whose name
    is the language's and not its author's."""
    return "" if name.startswith("__") and name.endswith("__") else name.strip("_")


class CodeStage:
    """code2vec, for labels (eq. 1), for finding a function by its docstring (eq. 2), by a head that
    is dropped afterwards, or for both. The labels are dropped too if they are to come from more
    than the code vector."""

    name = "code2vec"
    rate = 3e-3

    def __init__(
        self,
        data: Data,
        network: Network,
        lexicon: Lexicon,
        indexed: Indexed,
        queries: int | None,
        objective: Objective,
    ) -> None:
        self._data, self._indexed, self._code2vec = data, indexed, network.code2vec
        self._objective = objective
        code = network.code2vec.layer.out_features
        self._labels = network.labels
        if network.source is not LabelSource.CODE:
            self._labels = Labels(lexicon.labels, code)
        self._head, self._contrast = CodeOnly(data.model.dimensions, code), Contrast()
        self.trained = nn.ModuleList([self._code2vec, self._labels, self._head, self._contrast]).to(
            data.device
        )
        self._held_out = data.rows("validation", described=True)[:MEASURED]
        searched = np.concatenate([data.rows("train", described=True)[:queries], self._held_out])
        data.prepare({View.QUERY}, searched)
        self._described = np.isin(np.arange(len(data.functions)), searched)
        rows = data.rows("train")
        worth = self._described[rows]
        if objective is not Objective.SEARCH:
            worth = worth | telling(data, rows)
        self._rows = rows[worth]
        self._parts = parts_of(self._labels, data.functions)

    def steps(self) -> int:
        return max(1, len(self._rows) // CODE_BATCH)

    def losses(self, random: np.random.Generator) -> Iterator[dict[str, Tensor]]:
        order = random.permutation(self._rows)
        for step in range(self.steps()):
            rows = order[step * CODE_BATCH : (step + 1) * CODE_BATCH]
            batch = self._indexed.batch(rows, TRAINING_CONTEXTS, random).to(self._data.device)
            vectors = self._code2vec(batch).vectors
            losses = {}
            if self._objective is not Objective.SEARCH:
                losses["labels"] = self._naming(rows, vectors)
            if self._objective is not Objective.LABELS:
                losses["search"] = self._finding(rows, vectors)
            yield losses

    def _naming(self, rows: Ids, vectors: Tensor) -> Tensor:
        named = self._labels.targets(self._parts.take(rows))
        return name_loss(self._labels(vectors).parts, named)

    def _finding(self, rows: Ids, vectors: Tensor) -> Tensor:
        described = self._described[rows]
        code = vectors[self._tensor(described)]
        queries = self._tensor(self._data.vectors(View.QUERY, rows[described]))
        loss: Tensor = self._contrast(
            self._head.definitions(code, code), self._head.queries(queries)
        )
        return loss

    def measure(self) -> dict[str, float]:
        named = telling_rows(self._data, "validation")[:MEASURED]
        code = self._code(self._held_out)
        queries = self._head.query(self._data.vectors(View.QUERY, self._held_out))
        ranks = metrics.ranks(queries, self._head.fuse(code, code), range(len(code)))
        return {
            "validation label f1": label_f1(
                self._labels, self._data, named, self._code(named), None
            ),
            "validation mrr": metrics.mrr(ranks).value,
        }

    def _code(self, rows: Ids) -> Matrix:
        return code_of(self._code2vec, self._indexed, rows, self._data.device)

    def _tensor(self, rows: NDArray[Any]) -> Tensor:
        return torch.from_numpy(rows).to(self._data.device)


class FusionStage:
    """The fusion and its query side (eq. 2), and the query encoder, unless that is the language
    model. Docstrings ask for code that has lost them; keywords of them, and questions that were
    written, for code as it stands."""

    name = "fusion"
    rate = 1e-3

    def __init__(
        self, data: Data, network: Network, lexicon: Lexicon, indexed: Indexed, pairs: int | None
    ) -> None:
        self._data, self._network, self._lexicon = data, network, lexicon
        self._indexed = indexed
        self._rows = _described(data)[:pairs]
        self._held_out = data.rows("validation", described=True)[:MEASURED]
        self._both = np.concatenate([self._rows, self._held_out])
        views = {*ANSWERS, *ANSWERS.values()}
        data.prepare(views, self._both)
        self._views = {view: self._tensor(data.vectors(view, self._both)) for view in views}
        self._contrast = Contrast()
        trained = [network.fusion, self._contrast, network.queries]
        self.trained = nn.ModuleList([one for one in trained if one is not None]).to(data.device)

    def steps(self) -> int:
        return max(1, len(self._rows) // FUSION_BATCH)

    def losses(self, random: np.random.Generator) -> Iterator[dict[str, Tensor]]:
        order = torch.from_numpy(random.permutation(len(self._rows)))
        for step in range(self.steps()):
            rows = order[step * FUSION_BATCH : (step + 1) * FUSION_BATCH]
            asked = ASKED[random.integers(len(ASKED))]
            text = self._views[ANSWERS[asked]][rows]
            fused = self._network.fusion.definitions(text, self._learning(rows, random))
            yield {"search": self._contrast(fused, self._queries(rows, asked))}

    @torch.inference_mode()
    def measure(self) -> dict[str, float]:
        rows = torch.arange(len(self._rows), len(self._both))
        code = self._known(rows)
        figures = {}
        for asked, view in ANSWERS.items():
            queries = self._queries(rows, asked).cpu().numpy()
            fused = self._network.fusion.definitions(self._views[view][rows], code)
            found = metrics.ranks(queries, fused.cpu().numpy(), range(len(rows)))
            figures[f"validation mrr, {asked} → {view}"] = metrics.mrr(found).value
        return figures

    def _learning(self, rows: Tensor, random: np.random.Generator) -> Tensor:
        """(n,) rows → their code vectors (n, code) in training."""
        return self._code[rows]

    def _known(self, rows: Tensor) -> Tensor:
        """(n,) rows → their code vectors (n, code) as they are used."""
        return self._code[rows]

    @cached_property
    def _code(self) -> Tensor:
        return self._tensor(self._code_vectors(self._both))

    def _code_vectors(self, rows: Ids) -> Matrix:
        return code_of(self._network.code2vec, self._indexed, rows, self._data.device)

    def _queries(self, rows: Tensor, asked: View) -> Tensor:
        text = self._views[asked][rows]
        if self._network.queries is not None:
            texts = [self._data.text(asked, row) for row in self._both[rows.numpy()]]
            text = self._network.queries(word_batch(texts, self._lexicon.subtokens).to(text.device))
        return self._network.fusion.queries(text)

    def _tensor(self, rows: Matrix) -> Tensor:
        return torch.from_numpy(rows).to(self._data.device)


class JointStage(FusionStage):
    """The fusion, with code2vec learning on through it: towards what the text does not say."""

    name = "joint"

    def __init__(
        self, data: Data, network: Network, lexicon: Lexicon, indexed: Indexed, pairs: int | None
    ) -> None:
        super().__init__(data, network, lexicon, indexed, pairs)
        self.trained = nn.ModuleList([self.trained, network.code2vec])

    def _learning(self, rows: Tensor, random: np.random.Generator) -> Tensor:
        batch = self._indexed.batch(self._both[rows.numpy()], TRAINING_CONTEXTS, random)
        vectors: Tensor = self._network.code2vec(batch.to(self._data.device)).vectors
        return vectors

    def _known(self, rows: Tensor) -> Tensor:
        return self._tensor(self._code_vectors(self._both[rows.numpy()]))


def _described(data: Data) -> Ids:
    """The described functions to train on, those for which questions were written first."""
    rows = data.rows("train", described=True)
    written = np.array([bool(data.asked(data.functions[row])) for row in rows], bool)
    return np.concatenate([rows[written], rows[~written]])


def telling(data: Data, rows: Ids) -> NDArray[np.bool_]:
    """Which functions have a name worth learning: a label, and not one that its package repeats
    again and again."""
    seen: Counter[tuple[str, str]] = Counter()
    worth = []
    for function in (data.functions[row] for row in rows):
        seen[function.package, function.name] += 1
        often = seen[function.package, function.name] > SAME_NAMES
        worth.append(bool(label_of(function.name)) and not often)
    return np.array(worth, bool)


def telling_rows(data: Data, split: str) -> Ids:
    """The functions of a split whose name is worth learning."""
    rows = data.rows(split)
    return rows[telling(data, rows)]


def parts_of(labels: Labels, functions: Sequence[Function]) -> Ragged:
    """The subtokens of each function's name; none of a dunder method's."""
    return Ragged.of([labels.parts_of(label_of(function.name)) for function in functions])


@torch.inference_mode()
def code_of(code2vec: Code2Vec, indexed: Indexed, rows: Ids, device: str) -> Matrix:
    """(n,) functions → their code vectors (n, code), from all of their contexts."""
    was_training = code2vec.training
    code2vec.eval()
    random = np.random.default_rng(0)
    vectors = [np.zeros((0, code2vec.layer.out_features), np.float32)]
    for start in range(0, len(rows), CODE_BATCH):
        batch = indexed.batch(rows[start : start + CODE_BATCH], ALL_CONTEXTS, random).to(device)
        vectors.append(code2vec(batch).vectors.cpu().numpy())
    code2vec.train(was_training)
    return np.concatenate(vectors)


@torch.inference_mode()
def label_f1(
    labels: Labels, data: Data, rows: Ids, vectors: Matrix, mentions: Mentions | None
) -> float:
    """Subtoken F1 of the best name over functions that have a label."""
    guesses = labels.predict(torch.from_numpy(vectors).to(data.device), mentions, 1)
    actual = [label_of(data.functions[row].name) for row in rows]
    return metrics.name_scores([guess[0][0] for guess in guesses], actual).f1.value

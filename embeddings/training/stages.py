"""The stages of training: code2vec, the fusion on top of it, and the names. The later ones read
code vectors that the first has left, so that every fusion is trained in a minute."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from embeddings import evaluation
from embeddings.checkpoints import Network
from embeddings.code2vec import Code2Vec
from embeddings.fusion import CodeOnly
from embeddings.labels import Labels, LabelSource
from embeddings.queries import word_batch
from embeddings.training.data import ASKED, Data, View
from embeddings.training.features import Indexed
from embeddings.training.functions import Function
from embeddings.training.objectives import Contrast, name_loss
from embeddings.types import Matrix
from embeddings.vocabulary import Ids, Lexicon, Mentions, Ragged

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
        ranks = evaluation.ranks(queries, self._head.fuse(code, code), range(len(code)))
        return {
            "validation label f1": label_f1(
                self._labels, self._data, named, self._code(named), None
            ),
            "validation mrr": evaluation.mrr(ranks).value,
        }

    def _code(self, rows: Ids) -> Matrix:
        return code_of(self._code2vec, self._indexed, rows, self._data.device)

    def _tensor(self, rows: NDArray[Any]) -> Tensor:
        return torch.from_numpy(rows).to(self._data.device)


class FusionStage:
    """The fusion and its query side (eq. 2), on code with and without its docstring, asked for by
    docstrings and by keywords of them; and the query encoder, unless that is the language model."""

    name = "fusion"
    rate = 1e-3

    def __init__(
        self, data: Data, network: Network, lexicon: Lexicon, indexed: Indexed, pairs: int | None
    ) -> None:
        self._data, self._network, self._lexicon = data, network, lexicon
        self._rows = data.rows("train", described=True)[:pairs]
        self._held_out = data.rows("validation", described=True)[:MEASURED]
        both = np.concatenate([self._rows, self._held_out])
        views = {*ASKED, View.CODE, View.BARE}
        data.prepare(views, both)
        self._views = {view: self._tensor(data.vectors(view, both)) for view in views}
        self._code = self._tensor(code_of(network.code2vec, indexed, both, data.device))
        self._contrast = Contrast()
        trained = [network.fusion, self._contrast, network.queries]
        self.trained = nn.ModuleList([one for one in trained if one is not None]).to(data.device)

    def steps(self) -> int:
        return max(1, len(self._rows) // FUSION_BATCH)

    def losses(self, random: np.random.Generator) -> Iterator[dict[str, Tensor]]:
        order = torch.from_numpy(random.permutation(len(self._rows)))
        for step in range(self.steps()):
            rows = order[step * FUSION_BATCH : (step + 1) * FUSION_BATCH]
            text = self._either(View.CODE, View.BARE, rows, random)
            asked = View.QUERY if random.random() < 0.5 else View.KEYWORDS
            fused = self._network.fusion.definitions(text, self._code[rows])
            yield {"search": self._contrast(fused, self._queries(rows, asked))}

    @torch.inference_mode()
    def measure(self) -> dict[str, float]:
        rows = torch.arange(len(self._rows), len(self._rows) + len(self._held_out))
        figures = {}
        for asked, view in ((View.QUERY, View.BARE), (View.KEYWORDS, View.CODE)):
            queries = self._queries(rows, asked).cpu().numpy()
            fused = self._network.fusion.definitions(self._views[view][rows], self._code[rows])
            found = evaluation.ranks(queries, fused.cpu().numpy(), range(len(rows)))
            figures[f"validation mrr, {asked} → {view}"] = evaluation.mrr(found).value
        return figures

    def _either(self, one: View, other: View, rows: Tensor, random: np.random.Generator) -> Tensor:
        """(n,) rows → of each the vector of one of the views, at random."""
        first = torch.from_numpy(random.random((len(rows), 1)) < 0.5).to(self._data.device)
        return torch.where(first, self._views[one][rows], self._views[other][rows])

    def _queries(self, rows: Tensor, asked: View) -> Tensor:
        text = self._views[asked][rows]
        if self._network.queries is not None:
            both = np.concatenate([self._rows, self._held_out])[rows.numpy()]
            texts = [self._data.text(asked, row) for row in both]
            text = self._network.queries(word_batch(texts, self._lexicon.subtokens).to(text.device))
        return self._network.fusion.queries(text)

    def _tensor(self, rows: Matrix) -> Tensor:
        return torch.from_numpy(rows).to(self._data.device)


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
    return evaluation.name_scores([guess[0][0] for guess in guesses], actual).f1.value

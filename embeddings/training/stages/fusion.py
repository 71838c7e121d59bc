"""The second stage: the fusion of text and code, on code vectors that stay as they are or, jointly,
with code2vec learning on."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np
import torch
from torch import Tensor, nn

from embeddings.checkpoints import Network
from embeddings.evaluation import metrics
from embeddings.networks.query_encoders import word_batch
from embeddings.networks.vocabulary import Ids, Lexicon
from embeddings.training.data.dataset import ANSWERS, QUERY_VIEWS, TextView, TrainingData
from embeddings.training.data.features import IndexedContexts
from embeddings.training.stages.code import MEASURED, TRAINING_CONTEXTS, code_vectors
from embeddings.training.stages.loop import batch_count, shuffled_batches
from embeddings.training.stages.objectives import Contrast
from embeddings.types import Matrix

BATCH = 1024


class FusionStage:
    """The fusion and its query side (eq. 2), and the query encoder unless that is the language
    model. Docstrings ask for code without its docstring; their keywords, and written questions, for
    code as it stands."""

    name = "fusion"
    rate = 1e-3

    def __init__(
        self,
        data: TrainingData,
        network: Network,
        lexicon: Lexicon,
        contexts: IndexedContexts,
        pairs: int | None,
    ) -> None:
        self._data, self._network, self._lexicon = data, network, lexicon
        self._contexts = contexts
        self._rows = _described_rows(data)[:pairs]
        held_out = data.rows("validation", described=True)[:MEASURED]
        # The rows of training, then those of validation; tensors below have a row for each.
        self._all_rows = np.concatenate([self._rows, held_out])
        views = {*ANSWERS, *ANSWERS.values()}
        data.prepare(views, self._all_rows)
        self._views = {view: self._tensor(data.vectors(view, self._all_rows)) for view in views}
        self._contrast = Contrast()
        self.trained = self._trained_modules().to(data.device)

    def _trained_modules(self) -> nn.ModuleList:
        parts = [self._network.fusion, self._contrast, self._network.queries]
        return nn.ModuleList([part for part in parts if part is not None])

    def steps(self) -> int:
        return batch_count(self._rows, BATCH)

    def losses(self, random: np.random.Generator) -> Iterator[dict[str, Tensor]]:
        for batch in shuffled_batches(np.arange(len(self._rows)), BATCH, random):
            places = torch.from_numpy(batch)
            query = QUERY_VIEWS[random.integers(len(QUERY_VIEWS))]
            text = self._views[ANSWERS[query]][places]
            fused = self._network.fusion.definitions(text, self._training_code(places, random))
            yield {"search": self._contrast(fused, self._queries(places, query))}

    @torch.inference_mode()
    def measure(self) -> dict[str, float]:
        places = torch.arange(len(self._rows), len(self._all_rows))
        code = self._current_code(places)
        figures = {}
        for query, answer in ANSWERS.items():
            queries = self._queries(places, query).cpu().numpy()
            fused = self._network.fusion.definitions(self._views[answer][places], code)
            ranks = metrics.ranks(queries, fused.cpu().numpy(), range(len(places)))
            figures[f"validation mrr, {query} → {answer}"] = metrics.mrr(ranks).value
        return figures

    def _training_code(self, places: Tensor, random: np.random.Generator) -> Tensor:
        """(n,) places → code vectors (n, code) to train on."""
        return self._code[places]

    def _current_code(self, places: Tensor) -> Tensor:
        """(n,) places → code vectors (n, code) as an encoder computes them."""
        return self._code[places]

    @cached_property
    def _code(self) -> Tensor:
        return self._tensor(self._code_vectors(self._all_rows))

    def _code_vectors(self, rows: Ids) -> Matrix:
        return code_vectors(self._network.code2vec, self._contexts, rows, self._data.device)

    def _queries(self, places: Tensor, view: TextView) -> Tensor:
        text = self._views[view][places]
        if self._network.queries is not None:
            texts = [self._data.text(view, row) for row in self._all_rows[places.numpy()]]
            text = self._network.queries(word_batch(texts, self._lexicon.subtokens).to(text.device))
        return self._network.fusion.queries(text)

    def _tensor(self, rows: Matrix) -> Tensor:
        return torch.from_numpy(rows).to(self._data.device)


class JointStage(FusionStage):
    """The fusion, with code2vec learning on through it: what the text does not say."""

    name = "joint"

    def _trained_modules(self) -> nn.ModuleList:
        return nn.ModuleList([super()._trained_modules(), self._network.code2vec])

    def _training_code(self, places: Tensor, random: np.random.Generator) -> Tensor:
        batch = self._contexts.batch(self._all_rows[places.numpy()], TRAINING_CONTEXTS, random)
        vectors: Tensor = self._network.code2vec(batch.to(self._data.device)).vectors
        return vectors

    def _current_code(self, places: Tensor) -> Tensor:
        return self._tensor(self._code_vectors(self._all_rows[places.numpy()]))


def _described_rows(data: TrainingData) -> Ids:
    """The described functions to train on, those with written questions first."""
    rows = data.rows("train", described=True)
    written = np.array([bool(data.questions_for(data.functions[row])) for row in rows], bool)
    return np.concatenate([rows[written], rows[~written]])

"""Names of drafts: the labels of a checkpoint stay as they are, and where they read the language
model's vector, something that is computed from the code vector learns to stand in for it."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from embeddings.checkpoints import Checkpoint
from embeddings.code.placed_words import placed_words
from embeddings.naming.mentions import mentioned_in
from embeddings.networks.draft import DraftNetwork
from embeddings.networks.vocabulary import Ids
from embeddings.training.corpus.functions import Function
from embeddings.training.data.dataset import TrainingData
from embeddings.training.data.features import IndexedContexts
from embeddings.training.data.mentions import CorpusMentions
from embeddings.training.stages.names import NameStage
from embeddings.types import Matrix


class DraftNameStage(NameStage):
    """The stand-in, with labels that do not change."""

    name = "draft names"
    rate = 1e-3

    def __init__(
        self,
        data: TrainingData,
        teacher: Checkpoint,
        network: DraftNetwork,
        contexts: IndexedContexts,
        most: int,
        limit: int | None,
    ) -> None:
        self._draft, self._most = network, most
        super().__init__(data, teacher.network, teacher.lexicon, contexts, limit)
        self.trained = network.stand_in

    def _label_vectors(self, places: Ids) -> Tensor:
        return self._draft.label_vectors(self._vectors[places], self._network.source)

    def _read_mentions(self, functions: Sequence[Function]) -> CorpusMentions:
        return CorpusMentions.from_places(
            [mentioned_in(placed_words(f.code, f.language), f.language) for f in functions]
        )

    def _inputs(self, rows: Ids) -> Matrix:
        """(n,) functions → their code vectors (n, code), as drafts have them."""
        return self._code_vectors(rows, self._most)

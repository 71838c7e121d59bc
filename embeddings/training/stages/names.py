"""The third stage: names (eq. 1). Labels are learnt on vectors that stay as they are, and on what
the definitions mention."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from embeddings.checkpoints import Network
from embeddings.naming.mentions import Place
from embeddings.naming.network import Labels
from embeddings.networks.vocabulary import Ids, Lexicon, Ragged
from embeddings.training.corpus.functions import Function
from embeddings.training.data.dataset import TextView, TrainingData
from embeddings.training.data.features import IndexedContexts
from embeddings.training.data.labels import (
    label_f1,
    label_of,
    label_parts,
    rows_with_informative_names,
)
from embeddings.training.data.mentions import CorpusMentions
from embeddings.training.stages.code import ALL_CONTEXTS, code_vectors
from embeddings.training.stages.loop import batch_count, shuffled_batches
from embeddings.training.stages.objectives import name_loss
from embeddings.types import Matrix

BATCH = 256
MEASURED = 1000
# The share of definitions that are read without their documentation, others in each epoch.
UNDOCUMENTED = 0.3


class NameStage:
    """Names from the code half, from the text half, or from both, as the network has it."""

    name = "names"
    rate = 2e-3

    def __init__(
        self,
        data: TrainingData,
        network: Network,
        lexicon: Lexicon,
        contexts: IndexedContexts | None,
        limit: int | None,
    ) -> None:
        """Without `contexts`, no code vectors are read."""
        self._data, self._network, self._contexts = data, network, contexts
        self._rows, self._held_out = self._choose_rows(limit)
        all_rows = np.concatenate([self._rows, self._held_out])
        self._vectors = torch.from_numpy(self._inputs(all_rows)).to(data.device)
        self._labelled, self._mentions = None, None
        if network.source.reads_words:
            mentions = self._read_mentions([data.functions[row] for row in all_rows])
            names = [label_of(data.functions[row].name) for row in all_rows]
            self._labelled = mentions.labelled(lexicon, names)
            places = np.arange(len(self._rows), len(all_rows))
            self._mentions = mentions.mentions(lexicon, places)
        self._parts = label_parts(network.labels, [data.functions[row] for row in self._rows])
        self.trained: nn.Module = network.labels.to(data.device)

    def steps(self) -> int:
        return batch_count(self._rows, BATCH)

    def losses(self, random: np.random.Generator) -> Iterator[dict[str, Tensor]]:
        labels = self._network.labels
        for places in shuffled_batches(np.arange(len(self._rows)), BATCH, random):
            mentions = None
            if self._labelled:
                mentions = _partly_undocumented(self._labelled.take(places), random)
            vectors = self._label_vectors(places)
            yield {"labels": label_loss(labels, vectors, mentions, self._parts.take(places))}

    def measure(self) -> dict[str, float]:
        with torch.inference_mode():
            held_out = np.arange(len(self._rows), len(self._vectors))
            vectors = self._label_vectors(held_out).float().cpu().numpy()
        labels = self._network.labels
        f1 = label_f1(labels, self._data, self._held_out, vectors, self._mentions)
        return {"validation label f1": f1}

    def _choose_rows(self, limit: int | None) -> tuple[Ids, Ids]:
        """What to learn, at most `limit` functions and as many classes, and what to measure."""
        train, validation = (
            rows_with_informative_names(self._data, split) for split in ("train", "validation")
        )
        is_class = np.array([self._data.functions[row].is_class for row in train], bool)
        kinds = [sample_rows(train[kind], limit) for kind in (~is_class, is_class)]
        return np.concatenate(kinds), sample_rows(validation, MEASURED)

    def _label_vectors(self, places: Ids) -> Tensor:
        """(n,) places among the functions → the vectors that labels are predicted from."""
        return self._vectors[places]

    def _read_mentions(self, functions: Sequence[Function]) -> CorpusMentions:
        return CorpusMentions.read(functions, self._data.folder)

    def _inputs(self, rows: Ids) -> Matrix:
        """(n,) functions → the vectors (n, d) that their names are predicted from."""
        code = self._code_vectors(rows)
        source, masked = self._network.source, None
        if source.reads_text:
            self._data.prepare({TextView.MASKED}, rows)
            masked = self._data.vectors(TextView.MASKED, rows)
        return source.joined(masked, code)

    def _code_vectors(self, rows: Ids, most: int = ALL_CONTEXTS) -> Matrix:
        """Those of functions (n,), by at most `most` path-contexts of each: (n, code)."""
        assert self._contexts is not None
        code2vec, device = self._network.code2vec, self._data.device
        return code_vectors(code2vec, self._contexts, rows, device, most)


def label_loss(labels: Labels, vectors: Tensor, mentions: Ragged | None, parts: Ragged) -> Tensor:
    """Of n vectors, what is mentioned as rows of (word, bits of its places, whether the name holds
    it), and the known subtokens of the names → scalar. A word that no known name has is to be
    copied where the own name holds it."""
    scores = labels(vectors, mentions)
    copied = vectors.new_zeros(0)
    if labels.reader is not None and mentions is not None:
        named = torch.from_numpy(mentions.values[:, 2]).to(vectors)
        copied = named[labels.reader.is_out_of_vocabulary(mentions)]
    return name_loss(
        torch.cat([scores.parts.flatten(), scores.out_of_vocabulary]),
        torch.cat([labels.targets(parts).flatten(), copied]),
    )


def without_documentation(mentions: Ragged, undocumented: NDArray[np.bool_]) -> Ragged:
    """What n definitions mention, as if the `undocumented` ones (n,) had no documentation."""
    values = mentions.values.copy()
    values[np.repeat(undocumented, mentions.lengths()), 1] &= ~(Place.DOCUMENTED | Place.OPENING)
    still_mentioned = values[:, 1] > 0
    ends = np.concatenate([[0], np.cumsum(still_mentioned)])[mentions.offsets]
    return Ragged(values[still_mentioned], ends)


def sample_rows(rows: Ids, limit: int | None) -> Ids:
    """At most `limit` rows, chosen at random but the same ones in each call."""
    if limit is None or len(rows) <= limit:
        return rows
    return np.sort(np.random.default_rng(0).permutation(rows)[:limit])


def _partly_undocumented(mentions: Ragged, random: np.random.Generator) -> Ragged:
    return without_documentation(mentions, random.random(len(mentions)) < UNDOCUMENTED)

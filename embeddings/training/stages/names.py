"""The stage of names (eq. 1): labels are learnt on vectors that stay as they are, and on what the
definitions mention."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from embeddings.checkpoints import Network
from embeddings.naming.mentions import Where
from embeddings.networks.vocabulary import Ids, Lexicon, Ragged
from embeddings.training.data.dataset import Data, View
from embeddings.training.data.features import Indexed
from embeddings.training.data.mentions import Mentioned
from embeddings.training.stages.networks import code_of, label_f1, label_of, parts_of, telling_rows
from embeddings.training.stages.objectives import name_loss
from embeddings.types import Matrix

BATCH = 256
MEASURED = 1000
# So many definitions are read without their documentation, others in each epoch.
UNDOCUMENTED = 0.3


class NameStage:
    """Names from the code half, from the text half, or from both, as the network has it."""

    name = "names"
    rate = 2e-3

    def __init__(
        self, data: Data, network: Network, lexicon: Lexicon, indexed: Indexed, most: int | None
    ) -> None:
        self._data, self._network, self._indexed = data, network, indexed
        self._rows, held_out = (telling_rows(data, split) for split in ("train", "validation"))
        self._rows = some(self._rows, most)
        self._held_out = some(held_out, MEASURED)
        both = np.concatenate([self._rows, self._held_out])
        self._vectors = torch.from_numpy(self._read(both)).to(data.device)
        self._labelled, self._mentions = None, None
        if network.source.reads_words:
            found = Mentioned.of([data.functions[row] for row in both], data.folder)
            names = [label_of(data.functions[row].name) for row in both]
            self._labelled = found.labelled(lexicon, names)
            self._mentions = found.mentions(lexicon, np.arange(len(self._rows), len(both)))
        self._parts = parts_of(network.labels, [data.functions[row] for row in self._rows])
        self.trained: nn.Module = network.labels.to(data.device)

    def steps(self) -> int:
        return max(1, len(self._rows) // BATCH)

    def losses(self, random: np.random.Generator) -> Iterator[dict[str, Tensor]]:
        order = random.permutation(len(self._rows))
        labels = self._network.labels
        for step in range(self.steps()):
            rows = order[step * BATCH : (step + 1) * BATCH]
            mentions = _partly_silent(self._labelled.take(rows), random) if self._labelled else None
            scores = labels(self._vectors[rows], mentions)
            known = labels.targets(self._parts.take(rows))
            strange = self._strange_truth(mentions)
            yield {
                "labels": name_loss(
                    torch.cat([scores.parts.flatten(), scores.out_of_vocabulary]),
                    torch.cat([known.flatten(), strange]),
                )
            }

    def measure(self) -> dict[str, float]:
        vectors = self._vectors[len(self._rows) :].cpu().numpy()
        labels = self._network.labels
        f1 = label_f1(labels, self._data, self._held_out, vectors, self._mentions)
        return {"validation label f1": f1}

    def _strange_truth(self, mentions: Ragged | None) -> Tensor:
        """Whether the words that no known name has are in the function's own one."""
        reader = self._network.labels.reader
        if reader is None or mentions is None:
            return self._vectors.new_zeros(0)
        named = torch.from_numpy(mentions.values[:, 2]).to(self._vectors)
        return named[reader.is_out_of_vocabulary(mentions)]

    def _read(self, rows: Ids) -> Matrix:
        """(n,) functions → the vectors that their names are predicted from."""
        code = code_of(self._network.code2vec, self._indexed, rows, self._data.device)
        source, hidden = self._network.source, None
        if source.reads_text:
            self._data.prepare({View.MASKED}, rows)
            hidden = self._data.vectors(View.MASKED, rows)
        return source.joined(hidden, code)


def without_documentation(mentions: Ragged, silent: NDArray[np.bool_]) -> Ragged:
    """What n definitions mention, as if the `silent` ones (n,) were not documented."""
    values = mentions.values.copy()
    values[np.repeat(silent, mentions.lengths()), 1] &= ~(Where.DOCUMENTED | Where.OPENING)
    kept = values[:, 1] > 0
    ends = np.concatenate([[0], np.cumsum(kept)])[mentions.offsets]
    return Ragged(values[kept], ends)


def _partly_silent(mentions: Ragged, random: np.random.Generator) -> Ragged:
    return without_documentation(mentions, random.random(len(mentions)) < UNDOCUMENTED)


def some(rows: Ids, most: int | None) -> Ids:
    """At most so many rows, the same ones whenever it is asked."""
    if most is None or len(rows) <= most:
        return rows
    return np.sort(np.random.default_rng(0).permutation(rows)[:most])

"""Name prediction: a definition's vector → the names that it could have. The definition's own name
must be hidden in whatever the vector was made from, or the prediction is an echo.

What is learnt is how likely each subtoken is to be in the name: of all that names are made of, and
with more certainty of those that the code itself speaks of, for names are often words of what they
name (Allamanis, Peng, Sutton 2016). A known name is scored by the subtokens it would get right."""

from __future__ import annotations

import math
from enum import StrEnum

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import embedding_bag

from embeddings.vocabulary import ContextBatch, Ids, Ragged, Vocabulary, subtokens

COPY_WIDTH = 64
# Known names are looked through for so many times the names that are wanted, since `readFile` and
# `read_file` are one to whoever reads them.
SPELLINGS = 4
# Before training, a subtoken is in a name as often as this, and e times more often if it is spoken.
FIRST_CHANCE = 1e-3
FIRST_COPY = 1.0


class LabelSource(StrEnum):
    """The vector that labels are predicted from. FUSED needs the language model to read every text
    a second time with its name hidden."""

    CODE = "code"
    FUSED = "fused"


class Labels(nn.Module):
    """Scores every subtoken of the known names. `spoken` are the subtokens that path-contexts are
    made of; without them nothing is taken from the code but its vector."""

    members: Tensor
    offsets: Tensor
    part_of: Tensor

    def __init__(self, names: Vocabulary, width: int, spoken: Vocabulary | None = None) -> None:
        super().__init__()
        self.names = names.words
        bags = [subtokens(name) for name in self.names]
        self.part_rows = {p: row for row, p in enumerate(sorted({p for bag in bags for p in bag}))}
        members = Ragged.of([self.parts_of(name) for name in self.names])
        self.register_buffer("members", torch.from_numpy(members.values), persistent=False)
        self.register_buffer("offsets", torch.from_numpy(members.offsets[:-1]), persistent=False)
        known = [self.part_rows.get(word, -1) for word in (spoken.words if spoken else ())]
        self.register_buffer("part_of", torch.tensor([-1, *known]), persistent=False)
        self.parts = nn.Linear(width, max(1, len(self.part_rows)))
        nn.init.constant_(self.parts.bias, math.log(FIRST_CHANCE))
        self.asked = nn.Linear(width, COPY_WIDTH)
        self.offered = nn.Parameter(torch.zeros(self.parts.out_features, COPY_WIDTH))
        self.copied = nn.Parameter(torch.tensor(FIRST_COPY))

    def parts_of(self, name: str) -> list[int]:
        """The rows of a name's different subtokens, those that no known name has left out."""
        found = dict.fromkeys(subtokens(name))
        return [self.part_rows[part] for part in found if part in self.part_rows]

    def spoken(self, batch: ContextBatch) -> Ragged:
        """For each of n definitions the rows of the subtokens in its path-contexts."""
        if len(self.part_of) == 1:
            return Ragged.of([[] for _ in batch.mask])
        rows = batch.mask.nonzero()[:, 0]
        ends = torch.stack([rows.repeat(2), torch.cat([batch.starts, batch.ends])])
        tokens = Ragged(batch.subtokens.cpu().numpy(), _closed(batch.offsets, batch.subtokens))
        owners, ends = np.unique(ends.cpu().numpy(), axis=1)
        bags = tokens.take(ends)
        owners = np.repeat(owners, bags.lengths())
        parts = self.part_of.cpu().numpy()[bags.values]
        pairs = np.unique(np.stack([owners, parts])[:, parts >= 0], axis=1)
        counts = np.bincount(pairs[0], minlength=len(batch.mask))
        return Ragged(pairs[1], np.concatenate([[0], np.cumsum(counts)]))

    def forward(self, vectors: Tensor, spoken: Ragged) -> Tensor:
        """(n, width) and what each of n definitions speaks of → logits (n, subtokens)."""
        more = self.asked(vectors) @ self.offered.T + self.copied
        logits: Tensor = self.parts(vectors) + self.targets(spoken) * more
        return logits

    def targets(self, parts: Ragged) -> Tensor:
        """n sets of subtokens → (n, subtokens), 1 where a set has one."""
        marks = torch.zeros(len(parts), self.parts.out_features)
        owners = np.repeat(np.arange(len(parts)), parts.lengths())
        marks[torch.from_numpy(owners), torch.from_numpy(parts.values)] = 1
        return marks.to(self.parts.weight.device)

    def predict(self, vectors: Tensor, spoken: Ragged, k: int) -> list[list[tuple[str, float]]]:
        """For each of n definitions at most k known names, each with the F1 over subtokens that it
        is expected to have, best first."""
        if not self.names:
            return [[] for _ in vectors]
        chances = torch.sigmoid(self(vectors, spoken)).T.contiguous()
        right = embedding_bag(self.members, chances, self.offsets, mode="sum").T
        lengths = self.offsets.diff(append=self.offsets.new_tensor([len(self.members)]))
        expected = 2 * right / (lengths + chances.sum(0).unsqueeze(1))
        best = expected.topk(min(SPELLINGS * k, len(self.names)))
        return [
            self._apart(rows, scores)[:k]
            for rows, scores in zip(best.indices.tolist(), best.values.tolist(), strict=True)
        ]

    def _apart(self, rows: list[int], scores: list[float]) -> list[tuple[str, float]]:
        """Names with their scores, of each set of subtokens the most frequent spelling."""
        found: dict[frozenset[str], tuple[str, float]] = {}
        for row, score in sorted(zip(rows, scores, strict=True), key=lambda one: (-one[1], one[0])):
            found.setdefault(frozenset(subtokens(self.names[row])), (self.names[row], score))
        return list(found.values())


def _closed(offsets: Tensor, values: Tensor) -> Ids:
    """Where bags begin, and where the last one ends."""
    return np.append(offsets.cpu().numpy(), len(values))

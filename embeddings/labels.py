"""Name prediction: a definition's vector → the names that it could have. The definition's own name
must be hidden in whatever the vector was made from, or the prediction is an echo."""

from __future__ import annotations

from enum import StrEnum

import torch
from torch import Tensor, nn

from embeddings.vocabulary import Ragged, Vocabulary, subtokens


class LabelSource(StrEnum):
    """The vector that labels are predicted from. FUSED needs the language model to read every text
    a second time with its name hidden."""

    CODE = "code"
    FUSED = "fused"


class Labels(nn.Module):
    """Scores every known name. A name's embedding is the sum of its subtokens', so that rare names
    learn from frequent ones."""

    subtokens: Tensor
    offsets: Tensor

    def __init__(self, names: Vocabulary, width: int) -> None:
        super().__init__()
        self.names = names.words
        parts = [subtokens(name) for name in self.names]
        self.part_rows = {p: row for row, p in enumerate(sorted({p for ps in parts for p in ps}))}
        bags = Ragged.of([self.parts_of(name) for name in self.names])
        self.register_buffer("subtokens", torch.from_numpy(bags.values), persistent=False)
        self.register_buffer("offsets", torch.from_numpy(bags.offsets[:-1]), persistent=False)
        self.parts = nn.EmbeddingBag(max(1, len(self.part_rows)), width, mode="sum")
        self.bias = nn.Parameter(torch.zeros(len(self.names)))
        nn.init.normal_(self.parts.weight, std=width**-0.5)

    def parts_of(self, name: str) -> list[int]:
        """The rows of a name's subtokens in `parts`, those that no known name has left out."""
        return [self.part_rows[part] for part in subtokens(name) if part in self.part_rows]

    def forward(self, vectors: Tensor) -> Tensor:
        """(n, width) → logits (n, names); eq. 1 of Ngo & Rivalan 2025 is their cross-entropy."""
        logits: Tensor = vectors @ self.parts(self.subtokens, self.offsets).T + self.bias
        return logits

    def predict(self, vectors: Tensor, k: int) -> list[list[tuple[str, float]]]:
        """(n, width) → for each row at most k names with their probabilities, likeliest first."""
        best = torch.softmax(self(vectors), dim=-1).topk(min(k, len(self.names)))
        return [
            [(self.names[row], probability) for row, probability in zip(rows, chances, strict=True)]
            for rows, chances in zip(best.indices.tolist(), best.values.tolist(), strict=True)
        ]

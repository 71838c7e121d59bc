"""What is minimised: the contrastive objective for search (eq. 2 of Ngo & Rivalan 2025) and the
cross-entropy of labels (eq. 1)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, log_softmax

from embeddings.vocabulary import UNKNOWN

FIRST_SCALE, LARGEST_SCALE = 20.0, 100.0


class Contrast(nn.Module):
    """Eq. 2: each query is to find its own definition among all of the batch, and each definition
    its query. The scale of the similarities is learnt."""

    def __init__(self) -> None:
        super().__init__()
        self.log_scale = nn.Parameter(torch.tensor(FIRST_SCALE).log())

    def forward(self, definitions: Tensor, queries: Tensor) -> Tensor:
        """(n, d) and (n, d), rows of unit length, row i belonging to row i → scalar."""
        scale = self.log_scale.exp().clamp(max=LARGEST_SCALE)
        similarities = scale * (queries @ definitions.T)
        own = torch.arange(len(queries), device=queries.device)
        return (cross_entropy(similarities, own) + cross_entropy(similarities.T, own)) / 2


def label_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Eq. 1, over the definitions whose label is in the vocabulary: (n, names) and label ids from
    1 (0 is unknown) → scalar, zero where none is known."""
    known = labels != UNKNOWN
    if not known.any():
        return logits.sum() * 0
    return cross_entropy(logits[known], labels[known] - 1)


def subtoken_loss(logits: Tensor, rows: Tensor, parts: Tensor) -> Tensor:
    """Eq. 1 for the subtokens of names, so that a name teaches its parts though it occurs once:
    logits (n, subtokens), and for each subtoken of each name its row and its column → scalar."""
    if not len(rows):
        return logits.sum() * 0
    return -log_softmax(logits, dim=-1)[rows, parts].mean()

"""What is minimised: the contrastive objective for search (eq. 2 of Ngo & Rivalan 2025) and the
cross-entropy of names (eq. 1)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

FIRST_SCALE, LARGEST_SCALE = 20.0, 100.0


class Contrast(nn.Module):
    """Eq. 2: each query is to find its own definition among all of the batch, and each definition
    its query. The scale of the similarities is learnt."""

    def __init__(self) -> None:
        super().__init__()
        self.log_scale = nn.Parameter(torch.tensor(FIRST_SCALE).log())

    def forward(self, definitions: Tensor, queries: Tensor, others: Tensor | None = None) -> Tensor:
        """(n, d) and (n, d), rows of unit length, row i belonging to row i → scalar. A definition
        is to find its query also among `others` (m, d), queries that belong to none of them."""
        scale = self.log_scale.exp().clamp(max=LARGEST_SCALE)
        own = torch.arange(len(queries), device=queries.device)
        asked = queries if others is None else torch.cat([queries, others])
        found = cross_entropy(scale * (queries @ definitions.T), own)
        told: Tensor = cross_entropy(scale * (definitions @ asked.T), own)
        return (found + told) / 2


def name_loss(logits: Tensor, parts: Tensor) -> Tensor:
    """Eq. 1, subtoken by subtoken, so that a name teaches its parts though it occurs once: logits
    and truth, 0 or 1, of the same shape → scalar, a mean over the true ones."""
    surprise = binary_cross_entropy_with_logits(logits, parts, reduction="sum")
    return surprise / parts.sum().clamp(min=1)

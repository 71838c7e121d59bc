"""The training objectives: contrastive for search (eq. 2 of Ngo & Rivalan 2025), and the
cross-entropy of names (eq. 1)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

FIRST_SCALE, LARGEST_SCALE = 20.0, 100.0


class Contrast(nn.Module):
    """Eq. 2: each query must find its own definition among all in the batch, and each definition
    its query. The scale of the similarities is learnt."""

    def __init__(self) -> None:
        super().__init__()
        self.log_scale = nn.Parameter(torch.tensor(FIRST_SCALE).log())

    def forward(self, definitions: Tensor, queries: Tensor, others: Tensor | None = None) -> Tensor:
        """Definitions (n, d) and queries (n, d), rows of unit length, where row i belongs to row i
        → scalar. `others` (m, d) are further queries that none of the definitions answers."""
        scale = self.log_scale.exp().clamp(max=LARGEST_SCALE)
        own = torch.arange(len(queries), device=queries.device)
        candidates = queries if others is None else torch.cat([queries, others])
        of_queries = cross_entropy(scale * (queries @ definitions.T), own)
        of_definitions: Tensor = cross_entropy(scale * (definitions @ candidates.T), own)
        return (of_queries + of_definitions) / 2


def name_loss(logits: Tensor, parts: Tensor) -> Tensor:
    """Eq. 1, subtoken by subtoken, so that even a name that occurs once teaches its parts: logits
    and truth, 0 or 1, of the same shape → scalar, a mean over the true subtokens."""
    surprise = binary_cross_entropy_with_logits(logits, parts, reduction="sum")
    return surprise / parts.sum().clamp(min=1)

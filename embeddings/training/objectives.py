"""What is minimised: the contrastive objective for search (eq. 2 of Ngo & Rivalan 2025), the
cross-entropy of names (eq. 1), and how far a model finds otherwise than its teachers."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import (
    binary_cross_entropy_with_logits,
    cross_entropy,
    kl_div,
    log_softmax,
)

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


def taught(similarities: Tensor, told: Tensor) -> Tensor:
    """How far what each query finds among all definitions of a batch, and each definition among
    all queries, is from what teachers find (Hinton et al. 2015): similarities of the model and of
    its teachers, (queries, definitions) each → scalar."""
    found, wanted = FIRST_SCALE * similarities, FIRST_SCALE * told
    return (_apart(found, wanted) + _apart(found.T, wanted.T)) / 2


def _apart(found: Tensor, wanted: Tensor) -> Tensor:
    """The divergence of rows' distributions: logits, (n, m) each → scalar."""
    return kl_div(
        log_softmax(found, 1), log_softmax(wanted, 1), reduction="batchmean", log_target=True
    )


def name_loss(logits: Tensor, parts: Tensor) -> Tensor:
    """Eq. 1, subtoken by subtoken, so that a name teaches its parts though it occurs once: logits
    and truth, 0 or 1, of the same shape → scalar, a mean over the true ones."""
    surprise = binary_cross_entropy_with_logits(logits, parts, reduction="sum")
    return surprise / parts.sum().clamp(min=1)

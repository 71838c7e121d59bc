"""Pooling: from the vectors of a text's tokens to one vector."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import numpy as np
import torch
from torch import Tensor

from embeddings.types import Matrix


class Pooling(StrEnum):
    """Which tokens count. `WEIGHTED_MEAN` weights a token by its position, 1 for the first: in a
    decoder later tokens have seen more (Muennighoff 2022)."""

    MEAN = "mean"
    WEIGHTED_MEAN = "weighted_mean"
    LAST = "last"
    CLS = "cls"


def pool(hidden: Tensor, mask: Tensor, pooling: Pooling) -> Tensor:
    """(n, tokens, d) and a mask of the real tokens (n, tokens), which come first → (n, d)."""
    match pooling:
        case Pooling.CLS:
            return hidden[:, 0]
        case Pooling.LAST:
            return hidden[torch.arange(len(hidden), device=hidden.device), mask.sum(1) - 1]
        case Pooling.MEAN:
            return _mean(hidden, mask)
        case Pooling.WEIGHTED_MEAN:
            return _mean(hidden, mask * mask.cumsum(1))


def joined(vectors: Matrix, windows: Sequence[Sequence[Sequence[int]]]) -> Matrix:
    """The vectors of all windows and the windows of n texts → (n, d), rows of unit length. A window
    is weighted by its number of tokens."""
    sizes = [[len(window)] for text in windows for window in text]
    starts = np.cumsum([0, *map(len, windows[:-1])])
    summed = np.add.reduceat(vectors * np.array(sizes, np.float32), starts)
    return np.asarray(summed / np.linalg.norm(summed, axis=1, keepdims=True), np.float32)


def _mean(hidden: Tensor, weights: Tensor) -> Tensor:
    weights = weights.unsqueeze(-1).to(hidden.dtype)
    return (hidden * weights).sum(1) / weights.sum(1).clamp(min=1)

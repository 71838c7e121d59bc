"""Texts as batches of tokens that fit the device: similar lengths together, so that little of a
batch is padding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

# Small batches stay in a processor's cache.
TOKENS_ON_A_CPU = 2048
# A GPU wants about a quarter of a second's work at once: fewer tokens of a larger model.
WORK_ON_A_GPU = 2e14
TOKENS_ON_A_GPU = 4096, 65_536


@dataclass(slots=True)
class Budget:
    """How many tokens a batch has at most, its padding among them; it shrinks where the device's
    memory does not hold that many."""

    tokens: int

    @classmethod
    def of(cls, device: str, weights: int) -> Budget:
        """For a network of so many weights, each of which is multiplied and added once a token."""
        if torch.device(device).type != "cuda":
            return cls(TOKENS_ON_A_CPU)
        return cls(int(np.clip(WORK_ON_A_GPU / (2 * weights), *TOKENS_ON_A_GPU)))

    def shrink(self, batch: Sequence[Sequence[int]]) -> None:
        """Half of a batch that was too large is what fits from now on."""
        self.tokens = min(self.tokens, max(map(len, batch)) * (len(batch) // 2))


def batches(lengths: Sequence[int], budget: Budget) -> Iterator[list[int]]:
    """Rows in groups of similar length, longest first (so that what does not fit in memory shows
    at once), at most the budget's tokens a group with its padding."""
    batch: list[int] = []
    for row in sorted(range(len(lengths)), key=lambda row: -lengths[row]):
        if batch and (len(batch) + 1) * lengths[batch[0]] > budget.tokens:
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch


def padded(batch: Sequence[Sequence[int]], pad: int, device: str) -> tuple[Tensor, Tensor]:
    """n texts as tokens → ids and a mask of the real ones, (n, longest) each. Padding is on the
    right, whichever side a tokenizer would take: so that a token's place, and the last token, are
    the same in any company."""
    ids = np.full((len(batch), max(map(len, batch))), pad, np.int64)
    mask = np.zeros_like(ids)
    for row, tokens in enumerate(batch):
        ids[row, : len(tokens)] = tokens
        mask[row, : len(tokens)] = 1
    return moved(ids, device), moved(mask, device)


def moved(numbers: NDArray[Any], device: str | torch.device) -> Tensor:
    """The numbers on a device; a GPU goes on computing meanwhile."""
    tensor = torch.from_numpy(numbers)
    if torch.device(device).type == "cuda":
        return tensor.pin_memory().to(device, non_blocking=True)
    return tensor.to(device)

"""Batches of tokens that fit the device, with texts of similar length together, so that there is
little padding."""

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
# A GPU is efficient with about a quarter of a second's work per batch: fewer tokens for a larger
# model.
WORK_ON_A_GPU = 2e14
TOKENS_ON_A_GPU = 4096, 65_536


@dataclass(slots=True)
class Budget:
    """The largest number of tokens in a batch, including padding. It shrinks if the device runs out
    of memory."""

    tokens: int

    @classmethod
    def for_device(cls, device: str, weights: int) -> Budget:
        """For a network with this number of weights, each of which is multiplied and added once per
        token."""
        if torch.device(device).type != "cuda":
            return cls(TOKENS_ON_A_CPU)
        return cls(int(np.clip(WORK_ON_A_GPU / (2 * weights), *TOKENS_ON_A_GPU)))

    def shrink(self, batch: Sequence[Sequence[int]]) -> None:
        """Half of a batch that was too large becomes the new limit."""
        self.tokens = min(self.tokens, max(map(len, batch)) * (len(batch) // 2))


def batches(lengths: Sequence[int], budget: Budget) -> Iterator[list[int]]:
    """Row numbers in batches of similar length, longest first (so that a lack of memory shows
    at once), each with at most the budget's tokens including padding."""
    batch: list[int] = []
    for row in sorted(range(len(lengths)), key=lambda row: -lengths[row]):
        if batch and (len(batch) + 1) * lengths[batch[0]] > budget.tokens:
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch


def pad_batch(batch: Sequence[Sequence[int]], pad: int, device: str) -> tuple[Tensor, Tensor]:
    """n texts as tokens → ids and a mask of the real tokens, (n, longest) each. Padding is always
    on the right, whatever the tokenizer's side, so that a token's position, and the last token, do
    not depend on the other texts."""
    ids = np.full((len(batch), max(map(len, batch))), pad, np.int64)
    mask = np.zeros_like(ids)
    for row, tokens in enumerate(batch):
        ids[row, : len(tokens)] = tokens
        mask[row, : len(tokens)] = 1
    return to_device(ids, device), to_device(mask, device)


def to_device(numbers: NDArray[Any], device: str | torch.device) -> Tensor:
    """Copies numbers to a device; a GPU keeps computing meanwhile."""
    tensor = torch.from_numpy(numbers)
    if torch.device(device).type == "cuda":
        return tensor.pin_memory().to(device, non_blocking=True)
    return tensor.to(device)

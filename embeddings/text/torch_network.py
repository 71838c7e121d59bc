"""A language model's network in torch, as transformers has it. This module is imported only where
one is loaded: that takes seconds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from embeddings.text import packing, weights
from embeddings.text.batching import Budget


class TorchNetwork:
    """A network on its device. `width` is that of its states, and `positions` the most tokens of a
    text, 0 if unknown; `budget` limits the tokens in a batch."""

    def __init__(self, module: nn.Module, device: str) -> None:
        config: Any = module.config
        self.module = module
        self.width = int(config.hidden_size)
        self.positions = int(getattr(config, "max_position_embeddings", None) or 0)
        self.budget = Budget.for_device(device, weights.count(module))
        self._is_causal = weights.is_causal(module, device)
        if self._is_causal and packing.is_worth_it(module):
            packing.prepare(module)

    def states(self, batch: Sequence[Sequence[int]], ids: Tensor, mask: Tensor) -> Tensor:
        """n texts as tokens, and the same padded, (n, tokens) → (n, tokens, d). A decoder's tokens
        never see the padding after them, so that it needs no mask, and is faster without one."""
        if packing.is_prepared(self.module):
            return packing.states(self.module, batch)
        seen = None if self._is_causal else mask
        states: Tensor = self.module(input_ids=ids, attention_mask=seen).last_hidden_state
        return states

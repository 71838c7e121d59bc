"""Batches without padding, for decoders on a GPU: all texts of a batch follow each other in one
row, and attention is told where each begins (FlashAttention's kernel for variable lengths, Dao
2023, as torch has it)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.attention.varlen import varlen_attn
from torch.nn.functional import cosine_similarity, scaled_dot_product_attention
from transformers import AttentionInterface

NAME = "codeindex_packed"
HALF = (torch.bfloat16, torch.float16)
CAUSAL = (-1, 0)
# Two texts of unlike lengths, the first of which must not be seen by the second.
PROBE = ([1, 2, 3, 4, 5], [3, 2])
ALIKE = 0.99


def prepare(network: Any) -> bool:
    """Makes a causal network take packed batches; False where it cannot, found out by trying."""
    before = network.config._attn_implementation
    with torch.inference_mode():
        try:
            alone = [_alone(network, tokens) for tokens in PROBE]
            network.set_attn_implementation(NAME)
            found = states(network, PROBE).float()
        except (AttributeError, NotImplementedError, RuntimeError, TypeError, ValueError):
            found = None
    rows = None if found is None else [found[row, : len(ids)] for row, ids in enumerate(PROBE)]
    if rows and all(map(_alike, rows, alone)):
        return True
    network.set_attn_implementation(before)
    return False


def is_prepared(network: Any) -> bool:
    return bool(network.config._attn_implementation == NAME)


def is_worth_it(network: Any) -> bool:
    """The kernel is there for half precision on a GPU, and looks back as far as there is text."""
    windows = (getattr(module, "sliding_window", None) for module in network.modules())
    return network.device.type == "cuda" and network.dtype in HALF and not any(windows)


def states(network: Any, batch: Sequence[Sequence[int]]) -> Tensor:
    """n texts as tokens → their states (n, longest, d), zeros behind the shorter ones."""
    lengths = [len(tokens) for tokens in batch]
    longest = max(lengths)
    positions = np.concatenate([np.arange(length) for length in lengths])
    places = positions + np.repeat(np.arange(len(batch)) * longest, lengths)
    bounds = np.cumsum([0, *lengths], dtype=np.int32)
    found: Tensor = network(
        input_ids=_moved(np.concatenate(list(batch)), network)[None],
        position_ids=_moved(positions, network)[None],
        bounds=_moved(bounds, network),
        lengths=lengths,
    ).last_hidden_state[0]
    apart = found.new_zeros(len(batch) * longest, found.shape[-1])
    apart[_moved(places, network)] = found
    return apart.view(len(batch), longest, -1)


def _moved(numbers: NDArray[Any], network: Any) -> Tensor:
    return torch.from_numpy(numbers).to(network.device, non_blocking=True)


def _attention(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    *,
    bounds: Tensor,
    lengths: Sequence[int],
    scaling: float | None = None,
    **_: object,
) -> tuple[Tensor, None]:
    """(1, heads, tokens, d) each → (1, tokens, heads, d), causal within each text."""
    if query.device.type == "cuda":
        query, key, value = (one[0].transpose(0, 1) for one in (query, key, value))
        longest = max(lengths)
        found = varlen_attn(
            query, key, value, bounds, bounds, longest, longest,
            scale=scaling, window_size=CAUSAL, enable_gqa=True,
        )  # fmt: skip
        assert isinstance(found, Tensor)
        return found[None], None
    texts = [
        _causal(query[:, :, begin:end], key[:, :, begin:end], value[:, :, begin:end], scaling)
        for begin, end in pairwise(np.cumsum([0, *lengths]).tolist())
    ]
    return torch.cat(texts, dim=2).transpose(1, 2), None


def _causal(query: Tensor, key: Tensor, value: Tensor, scaling: float | None) -> Tensor:
    """(1, heads, tokens, d) each → (1, heads, tokens, d), of one text."""
    return scaled_dot_product_attention(
        query, key, value, is_causal=True, scale=scaling, enable_gqa=True
    )


def _alone(network: Any, tokens: Sequence[int]) -> Tensor:
    ids = torch.tensor([tokens], device=network.device)
    found: Tensor = network(input_ids=ids).last_hidden_state[0].float()
    return found


def _alike(some: Tensor, other: Tensor) -> bool:
    return bool((cosine_similarity(some, other, dim=-1) > ALIKE).all())


AttentionInterface.register(NAME, _attention)

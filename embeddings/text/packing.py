"""Batches without padding, for decoders on a GPU. All texts of a batch are concatenated in one row,
and attention gets their boundaries (torch's version of FlashAttention's variable-length kernel, Dao
2023). torch.compile fuses the operations between matrix products, if the machine supports it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from inspect import signature
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.attention.varlen import varlen_attn
from torch.nn.functional import cosine_similarity, scaled_dot_product_attention
from transformers import AttentionInterface

from embeddings.text.batching import to_device

NAME = "codeindex_packed"
HALF = (torch.bfloat16, torch.float16)
CAUSAL = (-1, 0)
# Two texts of different lengths. The second must not attend to the first.
PROBE = ([1, 2, 3, 4, 5], [3, 2])
ALIKE = 0.99
# Older releases of torch accept fewer heads of keys than of queries without an option.
GROUPED: dict[str, Any] = (
    {"enable_gqa": True} if "enable_gqa" in signature(varlen_attn).parameters else {}
)

logger = logging.getLogger(__name__)


def prepare(network: Any) -> bool:
    """Makes a causal network accept packed batches. False if a trial shows that it cannot."""
    before = network.config._attn_implementation
    alone = [_states_alone(network, tokens) for tokens in PROBE]
    network.set_attn_implementation(NAME)
    if _works(network, alone):
        if network.device.type == "cuda":
            _compile(network, alone)
        return True
    network.set_attn_implementation(before)
    return False


def undo(network: Any) -> None:
    """Makes a network accept padded batches again, without compiled layers, for training."""
    network.set_attn_implementation("sdpa")
    _remove_compilation(network)


def is_prepared(network: Any) -> bool:
    return bool(network.config._attn_implementation == NAME)


def is_worth_it(network: Any) -> bool:
    """The kernel needs half precision on a GPU, and has no sliding window."""
    windows = (getattr(module, "sliding_window", None) for module in network.modules())
    return network.device.type == "cuda" and network.dtype in HALF and not any(windows)


def states(network: Any, batch: Sequence[Sequence[int]]) -> Tensor:
    """n texts as tokens → their hidden states (n, longest, d), padded with zeros."""
    lengths = [len(tokens) for tokens in batch]
    longest = max(lengths)
    positions = np.concatenate([np.arange(length) for length in lengths])
    places = positions + np.repeat(np.arange(len(batch)) * longest, lengths)
    bounds = np.cumsum([0, *lengths], dtype=np.int32)
    found: Tensor = network(
        input_ids=to_device(np.concatenate(list(batch)), network.device)[None],
        position_ids=to_device(positions, network.device)[None],
        bounds=to_device(bounds, network.device),
        longest=longest,
    ).last_hidden_state[0]
    apart = found.new_zeros(len(batch) * longest, found.shape[-1])
    apart[to_device(places, network.device)] = found
    return apart.view(len(batch), longest, -1)


def _attention(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    *,
    bounds: Tensor,
    longest: int,
    scaling: float | None = None,
    **_: object,
) -> tuple[Tensor, None]:
    """(1, heads, tokens, d) each → (1, tokens, heads, d), causal within each text."""
    if query.device.type == "cuda":
        query, key, value = (one[0].transpose(0, 1) for one in (query, key, value))
        found = varlen_attn(
            query, key, value, bounds, bounds, longest, longest,
            scale=scaling, window_size=CAUSAL, **GROUPED,
        )  # fmt: skip
        assert isinstance(found, Tensor)
        return found[None], None
    texts = [
        _causal(query[:, :, begin:end], key[:, :, begin:end], value[:, :, begin:end], scaling)
        for begin, end in pairwise(bounds.tolist())
    ]
    return torch.cat(texts, dim=2).transpose(1, 2), None


def _causal(query: Tensor, key: Tensor, value: Tensor, scaling: float | None) -> Tensor:
    """(1, heads, tokens, d) each → (1, heads, tokens, d), of one text."""
    return scaled_dot_product_attention(
        query, key, value, is_causal=True, scale=scaling, enable_gqa=True
    )


def _compile(network: Any, alone: Sequence[Tensor]) -> None:
    """Compiles the layers, which share one compiled program, for batches of any size. If that
    fails, they stay uncompiled."""
    for layer in network.layers:
        layer.compile(dynamic=True)
    if not _works(network, alone):
        logger.warning("the language model's layers could not be compiled; it will be slower")
        _remove_compilation(network)


def _remove_compilation(network: Any) -> None:
    for layer in network.layers:
        layer._compiled_call_impl = None


def _works(network: Any, alone: Sequence[Tensor]) -> bool:
    """Whether texts have the same states in a packed batch as alone."""
    try:
        with torch.inference_mode():
            found = states(network, PROBE).float()
    except (AttributeError, NotImplementedError, RuntimeError, TypeError, ValueError) as error:
        logger.info("packed batches are not supported: %s", error)
        return False
    return all(map(_are_close, (found[row, : len(ids)] for row, ids in enumerate(PROBE)), alone))


@torch.inference_mode()
def _states_alone(network: Any, tokens: Sequence[int]) -> Tensor:
    ids = torch.tensor([tokens], device=network.device)
    found: Tensor = network(input_ids=ids).last_hidden_state[0].float()
    return found


def _are_close(some: Tensor, other: Tensor) -> bool:
    return bool((cosine_similarity(some, other, dim=-1) > ALIKE).all())


AttentionInterface.register(NAME, _attention)

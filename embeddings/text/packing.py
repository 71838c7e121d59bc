"""Batches without padding, for decoders on a GPU: all texts of a batch follow each other in one
row, and attention is told where each begins (FlashAttention's kernel for variable lengths, Dao
2023, as torch has it). What a layer computes between its matrix products is fused into few kernels
by torch's compiler, where the machine has what that needs."""

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

from embeddings.text.batching import moved

NAME = "codeindex_packed"
HALF = (torch.bfloat16, torch.float16)
CAUSAL = (-1, 0)
# Two texts of unlike lengths, the first of which must not be seen by the second.
PROBE = ([1, 2, 3, 4, 5], [3, 2])
ALIKE = 0.99
# Older releases of torch take fewer heads of keys than of queries without being told.
GROUPED: dict[str, Any] = (
    {"enable_gqa": True} if "enable_gqa" in signature(varlen_attn).parameters else {}
)

logger = logging.getLogger(__name__)


def prepare(network: Any) -> bool:
    """Makes a causal network take packed batches; False where it cannot, found out by trying."""
    before = network.config._attn_implementation
    alone = [_alone(network, tokens) for tokens in PROBE]
    network.set_attn_implementation(NAME)
    if _works(network, alone):
        if network.device.type == "cuda":
            _compile(network, alone)
        return True
    network.set_attn_implementation(before)
    return False


def undo(network: Any) -> None:
    """Makes a network take padded batches again, its layers as they are written: to be trained."""
    network.set_attn_implementation("sdpa")
    _as_written(network)


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
        input_ids=moved(np.concatenate(list(batch)), network.device)[None],
        position_ids=moved(positions, network.device)[None],
        bounds=moved(bounds, network.device),
        longest=longest,
    ).last_hidden_state[0]
    apart = found.new_zeros(len(batch) * longest, found.shape[-1])
    apart[moved(places, network.device)] = found
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
    """Compiles the layers, all of which share what is made for the first, for batches of any size;
    leaves them as they are where that fails."""
    for layer in network.layers:
        layer.compile(dynamic=True)
    if not _works(network, alone):
        logger.warning("the layers of the language model are not compiled: it is slower so")
        _as_written(network)


def _as_written(network: Any) -> None:
    for layer in network.layers:
        layer._compiled_call_impl = None


def _works(network: Any, alone: Sequence[Tensor]) -> bool:
    """Whether texts have the same states in one row as each has alone."""
    try:
        with torch.inference_mode():
            found = states(network, PROBE).float()
    except (AttributeError, NotImplementedError, RuntimeError, TypeError, ValueError) as error:
        logger.info("packed batches are not possible: %s", error)
        return False
    return all(map(_alike, (found[row, : len(ids)] for row, ids in enumerate(PROBE)), alone))


@torch.inference_mode()
def _alone(network: Any, tokens: Sequence[int]) -> Tensor:
    ids = torch.tensor([tokens], device=network.device)
    found: Tensor = network(input_ids=ids).last_hidden_state[0].float()
    return found


def _alike(some: Tensor, other: Tensor) -> bool:
    return bool((cosine_similarity(some, other, dim=-1) > ALIKE).all())


AttentionInterface.register(NAME, _attention)

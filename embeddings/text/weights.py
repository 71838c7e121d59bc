"""Properties of a network's weights: fingerprint, number, memory, and whether attention is
causal."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import psutil
import torch
from torch import Tensor, nn
from transformers import AutoModel

from embeddings.text.settings import EncoderUnavailable, Runtime
from embeddings.text.whitening import Whitening

BITS = {Runtime.EIGHT_BIT: 8, Runtime.FOUR_BIT: 4}
SAMPLED_VALUES = 1024
GIGABYTE = 1e9


def fingerprint(network: nn.Module, tokenizer: Any, whitening: Whitening | None) -> str:
    """Hash of the tokenizer's vocabulary and a sample of every tensor. Training changes all
    tensors, so that a sample is as good as reading gigabytes."""
    digest = hashlib.sha256(json.dumps(sorted(tokenizer.get_vocab().items())).encode())
    for name, tensor in sorted(network.state_dict().items()):
        values = tensor.detach().flatten()
        sample = values[:: max(1, len(values) // SAMPLED_VALUES)].to("cpu", torch.float32)
        digest.update(f"{name} {tuple(tensor.shape)}\n".encode())
        digest.update(sample.numpy().tobytes())
    if whitening:
        digest.update(whitening.fingerprint.encode())
    return digest.hexdigest()


def count(network: nn.Module) -> int:
    """The number of weights without the word embeddings."""
    words: nn.Module = network.get_input_embeddings()  # type: ignore[operator]
    every, of_words = (sum(map(Tensor.numel, one.parameters())) for one in (network, words))
    return every - of_words


@torch.inference_mode()
def is_causal(network: Any, device: str) -> bool:
    """Whether a token's state depends only on earlier tokens, tested by changing the later ones.
    The test uses ids from the middle of the vocabulary: the first ones are special tokens, which
    some models do not distinguish."""
    words = int(network.config.vocab_size)
    before, behind = torch.linspace(0.4 * words, 0.9 * words, 8).int().chunk(2)
    ids = torch.stack([torch.cat([before, behind]), torch.cat([before, before])]).to(device)
    states = network(input_ids=ids).last_hidden_state[:, :4].float()
    return bool((states[0] - states[1]).abs().max() < 1e-5 * states.abs().max())


def require_memory(
    name: str, config: Any, dtype: torch.dtype, runtime: Runtime, device: str
) -> None:
    """Raises EncoderUnavailable if a model's weights alone exceed the device's free memory."""
    needed, free = size(config, dtype, runtime), free_bytes(device)
    if needed > free:
        raise EncoderUnavailable(
            f"The weights of {name} take {needed / GIGABYTE:.1f} GB, and {device} has "
            f"{free / GIGABYTE:.1f} GB free. Use half precision (bfloat16), quantisation (8bit or "
            f"4bit), fewer layers, another device, or a smaller model."
        )


def size(config: Any, dtype: torch.dtype, runtime: Runtime = Runtime.TORCH) -> int:
    """The bytes of a model's weights in memory."""
    with torch.device("meta"):
        model: nn.Module = AutoModel.from_config(config, dtype=dtype)
    whole = sum(weight.numel() for weight in model.parameters()) * dtype.itemsize
    if runtime not in BITS:
        return whole
    linear = sum(layer.weight.numel() for layer in linear_layers(model).values())
    return whole - linear * dtype.itemsize + linear * BITS[runtime] // 8


def free_bytes(device: str) -> int:
    if torch.device(device).type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    return int(psutil.virtual_memory().available)


def linear_layers(network: nn.Module) -> dict[str, nn.Linear]:
    """All linear layers by name."""
    return {name: one for name, one in network.named_modules() if isinstance(one, nn.Linear)}


def half_precision(tensor: Tensor) -> Tensor:
    """As weights are stored: float16, on the CPU, contiguous."""
    return tensor.detach().to("cpu", torch.float16).contiguous()

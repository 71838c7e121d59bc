"""Low-rank adapters (Hu et al. 2022). Tuning adds the product of two narrow matrices to a layer's
weights; only these matrices are trained and stored. During training their product, which is as
large as the weights, is never computed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from embeddings.text.weights import linear_layers

DOWN, UP = ".down", ".up"
# With this factor adapters of any rank learn well at the same learning rate.
SCALE = 2.0


class LowRank(nn.Module):
    """Adds up · down · inputs to a layer's outputs. `up` is initialised to zero. No gradient of the
    layer's own weights is computed."""

    def __init__(self, layer: nn.Linear, rank: int) -> None:
        super().__init__()
        (out, into), device = layer.weight.shape, layer.weight.device
        self.down = nn.Parameter(torch.randn(rank, into, device=device) / into**0.5)
        self.up = nn.Parameter(torch.zeros(out, rank, device=device))
        self.hook = layer.register_forward_hook(self._added)

    def _added(self, _: nn.Module, inputs: tuple[Tensor], results: Tensor) -> Tensor:
        (into,) = inputs
        down, up = self.down.to(into.dtype), self.up.to(into.dtype)
        return results + SCALE * linear(linear(into, down), up)


def add(network: nn.Module, rank: int) -> None:
    """Freezes a network and gives each of its linear layers an adapter."""
    network.requires_grad_(False)
    for layer in linear_layers(network).values():
        layer.adapter = LowRank(layer, rank)


@torch.no_grad()
def merge(network: nn.Module) -> dict[str, Tensor]:
    """Adds a network's adapters to its weights and removes them. Returns their matrices by the
    weight's name with the suffix `DOWN` or `UP`."""
    learnt = {}
    for name, layer in linear_layers(network).items():
        adapter: Any = layer.adapter
        if adapter.up.any():
            learnt[f"{name}.weight{DOWN}"] = adapter.down.detach()
            learnt[f"{name}.weight{UP}"] = SCALE * adapter.up.detach()
        adapter.hook.remove()
        del layer.adapter
    load(network, learnt)
    return learnt


def weight_of(name: str) -> str:
    """The name of the weight to which a matrix of an adapter, or the weight itself, belongs."""
    return name.removesuffix(UP).removesuffix(DOWN)


def adapted_weights(weights: Mapping[str, Tensor]) -> Iterator[str]:
    """The names of the weights to which adapters among `weights` belong."""
    return (weight_of(name) for name in weights if name.endswith(UP))


@torch.no_grad()
def load(network: nn.Module, weights: Mapping[str, Tensor]) -> None:
    """Loads tuned weights and adapters into a network."""
    network.load_state_dict(weights, strict=False)
    for name in adapted_weights(weights):
        weight = network.get_parameter(name)
        up, down = (weights[name + end].to(weight.device).float() for end in (UP, DOWN))
        weight.add_((up @ down).to(weight.dtype))

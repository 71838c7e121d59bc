"""Low-rank adapters (Hu et al. 2022): what tuning adds to a layer's weights is the product of two
narrow matrices, which alone are trained and kept. While they are trained they stay beside the
weights: their product, as large as these, is never made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from embeddings.text.weights import linear_layers

DOWN, UP = ".down", ".up"
# What is learnt counts twice: with it, adapters of any rank learn well at one rate.
SCALE = 2.0


class LowRank(nn.Module):
    """Adds to a layer's results what is learnt, up · down · inputs; nothing at first: `up` is zero
    then. Of the layer's own weights no gradient is computed."""

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
    """Makes a network's adapters part of its weights; what was learnt of each, by the weight's name
    and `DOWN` or `UP`."""
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
    """The name of the weight that an adapter's half, or a weight itself, belongs to."""
    return name.removesuffix(UP).removesuffix(DOWN)


def adapted(weights: Mapping[str, Tensor]) -> Iterator[str]:
    """The names of the weights to which adapters among `weights` belong."""
    return (weight_of(name) for name in weights if name.endswith(UP))


@torch.no_grad()
def load(network: nn.Module, weights: Mapping[str, Tensor]) -> None:
    """Gives a network weights that are its own, whole ones and adapters."""
    network.load_state_dict(weights, strict=False)
    for name in adapted(weights):
        weight = network.get_parameter(name)
        up, down = (weights[name + end].to(weight.device).float() for end in (UP, DOWN))
        weight.add_((up @ down).to(weight.dtype))

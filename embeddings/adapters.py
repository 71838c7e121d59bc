"""Low-rank adapters (Hu et al. 2022): what tuning adds to a layer's weights is the product of two
narrow matrices, which alone are trained and kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

DOWN, UP = ".down", ".up"
# What is learnt counts twice: with it, adapters of any rank learn well at one rate.
SCALE = 2.0


class LowRank(nn.Module):
    """Adds up · down to a weight (out, in); nothing at first, for `up` is zero."""

    def __init__(self, weight: Tensor, rank: int) -> None:
        super().__init__()
        out, into = weight.shape
        self.down = nn.Parameter(torch.randn(rank, into, device=weight.device) / into**0.5)
        self.up = nn.Parameter(torch.zeros(out, rank, device=weight.device))

    def forward(self, weight: Tensor) -> Tensor:
        return weight + (SCALE * self.up @ self.down).to(weight.dtype)


def add(network: nn.Module, rank: int) -> None:
    """Freezes a network and gives each of its linear layers an adapter."""
    network.requires_grad_(False)
    for layer in list(network.modules()):
        if isinstance(layer, nn.Linear):
            parametrize.register_parametrization(layer, "weight", LowRank(layer.weight, rank))


def merge(network: nn.Module) -> dict[str, Tensor]:
    """Makes a network's adapters part of its weights; what was learnt of each, by the weight's name
    and `DOWN` or `UP`."""
    learnt = {}
    for name, layer in list(network.named_modules()):
        if isinstance(layer, nn.Linear) and parametrize.is_parametrized(layer, "weight"):
            adapter: Any = layer.parametrizations.weight[0]  # type: ignore[index, union-attr]
            if adapter.up.any():
                learnt[f"{name}.weight{DOWN}"] = adapter.down.detach().clone()
                learnt[f"{name}.weight{UP}"] = SCALE * adapter.up.detach()
            parametrize.remove_parametrizations(layer, "weight")
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

"""Why a definition has its vector, and why it is similar to a query: the attention that code2vec
pays to each path-context, and how much of a similarity comes from the text half and how much from
the code half."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from enum import StrEnum

import torch
from torch import Tensor, nn

from embeddings.networks.fusion import FusionNetwork
from embeddings.types import Leaf, Matrix, PathContext

TEXT, CODE = "text", "code"
"""How every fusion calls the modules that map its halves."""


class Attribution(StrEnum):
    """How a similarity was divided.

    EXACT: the fused vector is the sum of what the halves add to it, divided by its norm, and the
    query is multiplied with each summand. So it is for the concatenation, the weighted sum and the
    fusions of one half.
    SHAPLEY: the fused vector is no such sum, as after attention. A half's share is the mean of what
    it adds to the similarity when it comes first and when it comes second (the Shapley value of two
    players); a half that is not there yet is mapped to zeros, and without both nothing is similar.
    """

    EXACT = "exact"
    SHAPLEY = "shapley"


@dataclass(frozen=True, slots=True)
class Shares:
    """What each half adds to the cosine of a definition's and a query's vector; a share is negative
    where its half speaks against the query."""

    text: float
    code: float
    by: Attribution

    @property
    def similarity(self) -> float:
        return self.text + self.code


@dataclass(frozen=True, slots=True)
class AttendedContext:
    """A path-context, whose leaves know their spans in the source, and the attention it gets."""

    context: PathContext
    attention: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """The path-contexts of `source`, those with the most attention first: attention sums to 1, or
    there are none. `shares` are of the similarity to the query, if there was one."""

    source: str
    contexts: tuple[AttendedContext, ...]
    shares: Shares | None

    def quoted(self, leaf: Leaf) -> str:
        """What the source says at a leaf's span."""
        span = self.source.encode("utf-8", "replace")[leaf.start_byte : leaf.end_byte]
        return span.decode("utf-8", "replace")


def attended(contexts: Sequence[PathContext], attention: Tensor) -> tuple[AttendedContext, ...]:
    """The contexts of one definition with their attention (m,), the greatest first."""
    weights = attention[: len(contexts)].tolist()
    pairs = map(AttendedContext, contexts, weights)
    return tuple(sorted(pairs, key=lambda one: -one.attention))


@torch.inference_mode()
def shares(fusion: FusionNetwork, text: Matrix, code: Matrix, query: Matrix) -> Shares:
    """How a definition's text (1, t) and code vector (1, c) make its similarity to a query's vector
    (1, dimensions) in the fused space."""
    both = float(fusion.fuse(text, code)[0] @ query[0])
    structure = fusion.structure(text, code)
    if structure is not None:
        by_code = float(structure[0] @ query[0])
        return Shares(both - by_code, by_code, Attribution.EXACT)
    only_text, only_code = (
        float(_without(fusion, half).fuse(text, code)[0] @ query[0]) for half in (CODE, TEXT)
    )
    by_text = (only_text + both - only_code) / 2
    return Shares(by_text, both - by_text, Attribution.SHAPLEY)


def _without(fusion: FusionNetwork, half: str) -> FusionNetwork:
    """A copy, since other threads use the fusion, in which nothing comes from one half."""
    reduced = deepcopy(fusion)
    if half in dict(reduced.named_children()):
        setattr(reduced, half, _Nothing(getattr(reduced, half)))
    return reduced


class _Nothing(nn.Module):
    """Zeros of the shape that another module gives."""

    def __init__(self, instead_of: nn.Module) -> None:
        super().__init__()
        self._instead_of = instead_of

    def forward(self, vectors: Tensor) -> Tensor:
        return torch.zeros_like(self._instead_of(vectors))

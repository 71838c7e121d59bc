"""Explanations of a definition's vector and of its similarity to a query: the attention that
code2vec pays to each path-context, and the shares of the text half and of the code half in a
similarity."""

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
"""The names of the modules that map the two halves, in every fusion."""


class Attribution(StrEnum):
    """How a similarity was divided between the halves.

    EXACT: the fused vector is a sum of contributions of both halves, divided by its norm, and the
    query is multiplied with each of them. This holds for the concatenation, the weighted sum and
    the fusions of one half.

    SHAPLEY: the fused vector is not such a sum, as after attention. A half's share is the mean of
    what it adds to the similarity when added first and when added second (the Shapley value of two
    players). An absent half is mapped to zeros; without both the similarity is zero.
    """

    EXACT = "exact"
    SHAPLEY = "shapley"


@dataclass(frozen=True, slots=True)
class Shares:
    """What each half adds to the cosine of a definition's and a query's vector. A share is negative
    if its half lowers the similarity."""

    text: float
    code: float
    by: Attribution

    @property
    def similarity(self) -> float:
        return self.text + self.code


@dataclass(frozen=True, slots=True)
class AttendedContext:
    """A path-context, whose leaves have spans in the source, and its attention."""

    context: PathContext
    attention: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """The path-contexts of `source`, highest attention first; attention sums to 1 unless there are
    none. `shares` divide the similarity to the query, if there was one."""

    source: str
    contexts: tuple[AttendedContext, ...]
    shares: Shares | None

    def quoted(self, leaf: Leaf) -> str:
        """The source at a leaf's span."""
        span = self.source.encode("utf-8", "replace")[leaf.start_byte : leaf.end_byte]
        return span.decode("utf-8", "replace")


def attended(contexts: Sequence[PathContext], attention: Tensor) -> tuple[AttendedContext, ...]:
    """The contexts of one definition with their attention (m,), highest first."""
    weights = attention[: len(contexts)].tolist()
    pairs = map(AttendedContext, contexts, weights)
    return tuple(sorted(pairs, key=lambda one: -one.attention))


@torch.inference_mode()
def shares(fusion: FusionNetwork, text: Matrix, code: Matrix, query: Matrix) -> Shares:
    """The shares of a definition's text (1, t) and code vector (1, c) in its similarity to a
    query's vector (1, dimensions) in the fused space."""
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
    """A copy of the fusion with one half mapped to zeros; other threads use the original."""
    reduced = deepcopy(fusion)
    if half in dict(reduced.named_children()):
        setattr(reduced, half, _Zeros(getattr(reduced, half)))
    return reduced


class _Zeros(nn.Module):
    """Zeros in the shape of another module's output."""

    def __init__(self, instead_of: nn.Module) -> None:
        super().__init__()
        self._instead_of = instead_of

    def forward(self, vectors: Tensor) -> Tensor:
        return torch.zeros_like(self._instead_of(vectors))

"""Fusions of a text vector and a code vector, each with a query side: a description has no syntax
tree and is mapped into the fused space from its text vector alone. Equations 3 to 5 of Ngo &
Rivalan 2025. Every fusion is initialised to nearly the language model alone."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, normalize, pad

from embeddings.types import Matrix

ATTENTION_HEADS = 4
# HNSW supports no more than 4,000 dimensions, and search gains little from that many. Wider text
# vectors are projected, and the projection is trained with the rest.
STORED_WIDTH = 1024
# The weight of the code half before training.
FIRST_CODE_WEIGHT = 0.2


class FusionKind(StrEnum):
    """The paper's fusions, and its two ablations."""

    CONCATENATION = "concatenation"
    WEIGHTED_SUM = "weighted_sum"
    ATTENTION = "attention"
    TEXT = "text"
    CODE = "code"


class Residual(nn.Module):
    """A linear map, initialised to the identity."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.change = nn.Linear(width, width)
        nn.init.zeros_(self.change.weight)
        nn.init.zeros_(self.change.bias)

    def forward(self, vectors: Tensor) -> Tensor:
        changed: Tensor = vectors + self.change(vectors)
        return changed


class Projection(nn.Linear):
    """A linear map to fewer dimensions. It is initialised to an orthogonal one, which nearly
    preserves angles, always with the same seed: both sides of a fusion start alike."""

    def __init__(self, width: int, stored: int) -> None:
        super().__init__(width, stored)
        nn.init.orthogonal_(self.weight, generator=torch.Generator().manual_seed(0))
        nn.init.zeros_(self.bias)


def text_map(width: int, stored: int) -> nn.Module:
    """A trainable map of text vectors (n, width) → (n, stored)."""
    return Residual(width) if width == stored else Projection(width, stored)


class FusionNetwork(nn.Module):
    """What all fusions share: arrays in and out, on top of `definitions` and `queries`. A query has
    no syntax tree; its text vector alone is mapped into the fused space."""

    dimensions: int

    def definitions(self, text: Tensor, code: Tensor | None) -> Tensor:
        """(n, t) and (n, c) → (n, dimensions), rows of unit length. Without code vectors the text
        alone is mapped into the same space."""
        raise NotImplementedError

    def queries(self, text: Tensor) -> Tensor:
        """(n, t) → (n, dimensions), rows of unit length."""
        raise NotImplementedError

    @torch.inference_mode()
    def fuse(self, text: Matrix, code: Matrix | None) -> Matrix:
        """(n, t) and (n, c) → (n, dimensions), rows of unit length. Without code vectors the text
        alone is mapped into the same space."""
        by_code = None if code is None else self._tensor(code)
        return _array(self.definitions(self._tensor(text), by_code))

    def structure(self, text: Matrix, code: Matrix) -> Matrix | None:
        """What the code adds to the fused vectors, (n, dimensions). A query's cosine with a fused
        vector is its product with this plus its product with the rest, which the text adds. None
        if the fusion is not a sum."""
        return None

    @torch.inference_mode()
    def query(self, text: Matrix) -> Matrix:
        """(n, t) → (n, dimensions), rows of unit length."""
        return _array(self.queries(self._tensor(text)))

    def _tensor(self, rows: Matrix) -> Tensor:
        return torch.from_numpy(rows).to(next(self.parameters()).device)


class LinearFusion(FusionNetwork):
    """Fusions whose vectors are a sum of a text and a code contribution, divided by its norm."""

    def summands(self, text: Tensor, code: Tensor) -> tuple[Tensor, Tensor]:
        """(n, t) and (n, c) → both contributions, (n, dimensions) each, before the division."""
        raise NotImplementedError

    def text_summand(self, text: Tensor) -> Tensor:
        """(n, t) → the text's contribution, (n, dimensions), before the division."""
        raise NotImplementedError

    def definitions(self, text: Tensor, code: Tensor | None) -> Tensor:
        if code is None:
            return normalize(self.text_summand(text), dim=-1)
        by_text, by_code = self.summands(text, code)
        return normalize(by_text + by_code, dim=-1)

    @torch.inference_mode()
    def structure(self, text: Matrix, code: Matrix) -> Matrix | None:
        by_text, by_code = self.summands(self._tensor(text), self._tensor(code))
        norms = torch.linalg.vector_norm(by_text + by_code, dim=-1, keepdim=True)
        return _array(by_code / norms)


class Concatenation(LinearFusion):
    """Eq. 3: the two vectors concatenated, each mapped and weighted."""

    def __init__(self, text: int, code: int) -> None:
        super().__init__()
        stored = min(text, STORED_WIDTH - code)
        self.dimensions = stored + code
        self.text, self.code = text_map(text, stored), Residual(code)
        self.query_text, self.query_code = text_map(text, stored), nn.Linear(text, code)
        self.weight = nn.Parameter(torch.tensor(FIRST_CODE_WEIGHT))

    def summands(self, text: Tensor, code: Tensor) -> tuple[Tensor, Tensor]:
        return self._halves(self.text(text), self.code(normalize(code, dim=-1)))

    def text_summand(self, text: Tensor) -> Tensor:
        return self._halves(self.text(text), self.query_code(text))[0]

    def queries(self, text: Tensor) -> Tensor:
        by_text, by_code = self._halves(self.query_text(text), self.query_code(text))
        return normalize(by_text + by_code, dim=-1)

    def _halves(self, text: Tensor, code: Tensor) -> tuple[Tensor, Tensor]:
        """Each in its own dimensions, with zeros in those of the other."""
        own, weighted = normalize(text, dim=-1), self.weight * normalize(code, dim=-1)
        return pad(own, (0, code.shape[-1])), pad(weighted, (text.shape[-1], 0))


class WeightedSum(LinearFusion):
    """Eq. 4: w1 · text + w2 · code, both in the text's dimensions, with learnt weights."""

    def __init__(self, text: int, code: int) -> None:
        super().__init__()
        self.dimensions = stored = min(text, STORED_WIDTH)
        self.text, self.code = text_map(text, stored), nn.Linear(code, stored)
        self.query_text = text_map(text, stored)
        self.weights = nn.Parameter(torch.tensor([1.0, FIRST_CODE_WEIGHT]))

    def summands(self, text: Tensor, code: Tensor) -> tuple[Tensor, Tensor]:
        mapped = normalize(self.code(normalize(code, dim=-1)), dim=-1)
        return self.text_summand(text), self.weights[1] * mapped

    def text_summand(self, text: Tensor) -> Tensor:
        return self.weights[0] * normalize(self.text(text), dim=-1)

    def queries(self, text: Tensor) -> Tensor:
        return normalize(self.query_text(text), dim=-1)


class AttentionFusion(FusionNetwork):
    """Eq. 5: the text vector attends to both vectors, followed by a feed-forward layer, each with a
    residual connection as in a transformer."""

    def __init__(self, text: int, code: int) -> None:
        super().__init__()
        self.dimensions = stored = min(text, STORED_WIDTH)
        self.text, self.code = text_map(text, stored), nn.Linear(code, stored)
        self.query_text = text_map(text, stored)
        self.attention = nn.MultiheadAttention(stored, ATTENTION_HEADS, batch_first=True)
        self.inner, self.outer = nn.Linear(stored, stored), nn.Linear(stored, stored)
        for last in (self.attention.out_proj, self.outer):
            nn.init.normal_(last.weight, std=0.01 * stored**-0.5)
            nn.init.zeros_(last.bias)

    def definitions(self, text: Tensor, code: Tensor | None) -> Tensor:
        own = normalize(self.text(text), dim=-1)
        parts = [own] if code is None else [own, self.code(normalize(code, dim=-1))]
        both = torch.stack(parts, dim=1)
        attended, _ = self.attention(own.unsqueeze(1), both, both, need_weights=False)
        joined = own + attended.squeeze(1)
        return normalize(joined + self.outer(gelu(self.inner(joined))), dim=-1)

    def queries(self, text: Tensor) -> Tensor:
        return normalize(self.query_text(text), dim=-1)


class TextOnly(LinearFusion):
    """Ablation: the text vector, mapped."""

    def __init__(self, text: int, code: int) -> None:
        super().__init__()
        self.dimensions = stored = min(text, STORED_WIDTH)
        self.text, self.query_text = text_map(text, stored), text_map(text, stored)

    def summands(self, text: Tensor, code: Tensor) -> tuple[Tensor, Tensor]:
        mapped = self.text_summand(text)
        return mapped, torch.zeros_like(mapped)

    def text_summand(self, text: Tensor) -> Tensor:
        mapped: Tensor = self.text(text)
        return mapped

    def queries(self, text: Tensor) -> Tensor:
        return normalize(self.query_text(text), dim=-1)


class CodeOnly(LinearFusion):
    """Ablation: the code vector, mapped into the text's dimensions. Without one, a text is mapped
    as a query is."""

    def __init__(self, text: int, code: int) -> None:
        super().__init__()
        self.dimensions = stored = min(text, STORED_WIDTH)
        self.code, self.query_text = nn.Linear(code, stored), text_map(text, stored)

    def summands(self, text: Tensor, code: Tensor) -> tuple[Tensor, Tensor]:
        mapped = self.code(normalize(code, dim=-1))
        return torch.zeros_like(mapped), mapped

    def text_summand(self, text: Tensor) -> Tensor:
        return self.queries(text)

    def queries(self, text: Tensor) -> Tensor:
        return normalize(self.query_text(text), dim=-1)


FUSIONS: dict[FusionKind, Callable[[int, int], FusionNetwork]] = {
    FusionKind.CONCATENATION: Concatenation,
    FusionKind.WEIGHTED_SUM: WeightedSum,
    FusionKind.ATTENTION: AttentionFusion,
    FusionKind.TEXT: TextOnly,
    FusionKind.CODE: CodeOnly,
}


def _array(rows: Tensor) -> Matrix:
    return np.asarray(rows.cpu().numpy(), dtype=np.float32)

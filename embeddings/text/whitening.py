"""Mean-centring and whitening, which remove what all vectors of a language model have in common.
The raw states of a decoder are nearly parallel, so that its texts are hard to distinguish without
this (Su et al. 2021). It is fitted on a corpus and stored with its model."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from embeddings.types import Matrix

# Directions in which the corpus hardly varies are noise, which whitening should not amplify.
LEAST_DEVIATION = 1e-4


@dataclass(frozen=True, slots=True)
class Whitening:
    """(n, d) → (n, k): subtracts the mean of code (or of queries) and multiplies with `directions`
    (d, k), if there are any."""

    mean: Tensor
    query_mean: Tensor
    directions: Tensor | None = None

    @property
    def dimensions(self) -> int:
        return self.mean.shape[0] if self.directions is None else self.directions.shape[1]

    @property
    def fingerprint(self) -> str:
        digest = hashlib.sha256()
        for _, tensor in sorted(self._tensors().items()):
            digest.update(tensor.to("cpu", torch.float32).numpy().tobytes())
        return digest.hexdigest()

    @property
    def for_queries(self) -> Whitening:
        return replace(self, mean=self.query_mean)

    def __call__(self, vectors: Tensor) -> Tensor:
        centred = vectors - self.mean
        return centred if self.directions is None else centred @ self.directions

    def to(self, device: str) -> Whitening:
        return Whitening(**{name: one.to(device) for name, one in self._tensors().items()})

    def save(self, path: Path) -> None:
        save_file({name: one.contiguous() for name, one in self._tensors().items()}, path)

    def _tensors(self) -> dict[str, Tensor]:
        every = {"mean": self.mean, "query_mean": self.query_mean, "directions": self.directions}
        return {name: tensor for name, tensor in every.items() if tensor is not None}


def load(path: Path) -> Whitening:
    return Whitening(**load_file(path))


def centring(code: Matrix, queries: Matrix) -> Whitening:
    """The means of (n, d) and (m, d) unit vectors."""
    means = (torch.from_numpy(vectors.mean(axis=0)) for vectors in (code, queries))
    return Whitening(*means)


def whitening(code: Matrix, queries: Matrix, components: int) -> Whitening:
    """The same, and the `components` directions with the largest variance of the code, each scaled
    to standard deviation 1."""
    centred = centring(code, queries)
    rest = (torch.from_numpy(code) - centred.mean).double()
    values, vectors = torch.linalg.eigh(rest.T @ rest / len(rest))
    strongest = values.argsort(descending=True)[:components]
    deviations = values[strongest].clamp(min=LEAST_DEVIATION**2).sqrt()
    return replace(centred, directions=(vectors[:, strongest] / deviations).float())

"""Uniform samples that depend on the bytes of a seed alone: the same on every machine, in every
process and with every version of Python."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray


def sample(population: int, size: int, seed: bytes) -> NDArray[np.int64]:
    """`size` distinct numbers below `population` in ascending order; all subsets of that size are
    equally likely (Floyd's algorithm, Bentley 1987). Time and memory are linear in `size`."""
    bounds = np.arange(population - size + 1, population + 1, dtype=np.uint64)
    stream = np.frombuffer(hashlib.shake_128(seed).digest(8 * size), dtype="<u8")
    chosen: set[int] = set()
    for drawn, bound in zip((stream % bounds).tolist(), bounds.tolist(), strict=True):
        chosen.add(bound - 1 if drawn in chosen else drawn)
    return np.array(sorted(chosen), dtype=np.int64)

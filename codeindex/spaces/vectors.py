"""Stored vectors, read in bulk for computing with them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def normalized(sent: Sequence[bytes]) -> NDArray[np.float32]:
    """The vectors, of length one and shape (n, dimensions), of what `halfvec_send` gave for each:
    two 16-bit integers, then the numbers in half precision, all big-endian."""
    halves = [np.frombuffer(each, ">f2", offset=4) for each in sent]
    vectors = np.array(halves, np.float32) if halves else np.zeros((0, 1), np.float32)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: NDArray[np.float32] = vectors / np.maximum(lengths, 1e-9)
    return unit

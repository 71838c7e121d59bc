"""What part of the map a user sees.

Coordinates are of a layout of everything. What a user gets of them is fitted to what they may see,
so that an empty margin does not tell that others have code there. The frame goes with them, as an
opaque id, and turns them back into places on the map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from codeindex.models import EDGE
from codeindex.web import ids

BITS = 16
"""Of a coordinate."""

Number = TypeVar("Number", int, NDArray[np.int64])


@dataclass(frozen=True, slots=True)
class Frame:
    """A square of the map: its corner, and its width, which is at least 1."""

    left: int
    top: int
    width: int

    @classmethod
    def around(cls, x: NDArray[np.int64], y: NDArray[np.int64]) -> Frame:
        """The smallest one that holds all points, of which there is at least one."""
        width = max(int(np.ptp(x)), int(np.ptp(y)), 1)
        return cls(int(x.min()), int(y.min()), width)

    @classmethod
    def read(cls, written: str) -> Frame:
        """The inverse of `written`. Raises `ValueError` for anything else."""
        number = ids.number(ids.Row.FRAME, written)
        mask = (1 << BITS) - 1
        return cls(number >> 2 * BITS, number >> BITS & mask, number & mask)

    def written(self) -> str:
        number = (self.left << 2 * BITS) | (self.top << BITS) | self.width
        return ids.opaque(ids.Row.FRAME, number)

    def shown(self, x: Number, y: Number) -> tuple[Number, Number]:
        """From 0 to EDGE, for places from the map. Different places stay different."""
        return (
            self._scaled(x - self.left, EDGE, self.width),
            self._scaled(y - self.top, EDGE, self.width),
        )

    def place(self, x: int, y: int) -> tuple[int, int]:
        """The place on the map that is shown there."""
        return (
            self.left + self._scaled(x, self.width, EDGE),
            self.top + self._scaled(y, self.width, EDGE),
        )

    @staticmethod
    def _scaled(value: Number, by: int, of: int) -> Number:
        """value · by / of, rounded."""
        return (2 * value * by + of) // (2 * of)

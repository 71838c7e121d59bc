"""What a dotted name may stand for: a definition by its name and those that enclose it, or by the
end of its module's path and its whole name within the module."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reading:
    """A definition that is called `name` in full, in a module whose path `module` finds: a pattern
    for Python and Postgres alike."""

    module: str
    name: str


def enclosed(symbol: Sequence[str]) -> tuple[str, str]:
    """The qualified name that a symbol may be, and what a longer one ends with."""
    dotted = ".".join(symbol)
    return dotted, f".{dotted}"


def in_modules(symbol: Sequence[str]) -> Iterator[Reading]:
    """`shop.cart.Cart.add`: Cart.add in shop/cart, and cart.Cart.add in shop, …"""
    for parts in range(1, len(symbol)):
        path = "/".join(map(re.escape, symbol[:parts]))
        yield Reading(rf"(^|/){path}(/__init__)?\.[^/.]+$", ".".join(symbol[parts:]))

"""Findings of a check."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

NAMED = 5
"""The most names that a finding lists."""


class Weight(StrEnum):
    """Whether something is broken, or could be better."""

    PROBLEM = "problem"
    ADVICE = "advice"


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, why that matters, and the command or step that fixes it."""

    what: str
    why: str
    fix: str
    weight: Weight = Weight.PROBLEM


def advice(what: str, why: str, fix: str) -> Finding:
    return Finding(what, why, fix, Weight.ADVICE)


def some(names: Sequence[str], count: int | None = None) -> str:
    """The first of the names, and how many more there are; `count` is the number of all, where
    `names` are only the first of them."""
    more = (len(names) if count is None else count) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more:,} more" if more > 0 else "")


def gib(size: int) -> str:
    """A number of bytes, to be read."""
    return f"{size / 1024**3:.1f} GiB"

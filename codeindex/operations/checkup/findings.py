"""What was found wrong."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Weight(StrEnum):
    """Whether something does not work, or could be better."""

    PROBLEM = "problem"
    ADVICE = "advice"


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, why that matters, and the command or step that mends it."""

    what: str
    why: str
    mend: str
    weight: Weight = Weight.PROBLEM


def advice(what: str, why: str, mend: str) -> Finding:
    return Finding(what, why, mend, Weight.ADVICE)


def some(names: list[str], most: int = 5) -> str:
    """The first of the names, and how many more there are."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more:,} more" if more > 0 else "")

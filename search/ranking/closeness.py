"""How close a result is to its query, which means the same in every answer."""

from __future__ import annotations

from enum import StrEnum

from search.ranking.scoring import LITERAL, NAME
from search.results import Score


class Closeness(StrEnum):
    EXACT = "exact"  # it is named, or holds what the query says literally
    STRONG = "strong"
    WEAK = "weak"


STRONG_SCORE = 9.0
"""95% of the questions that a repository answers have a first result of at least this score, and 8%
of the questions about other code (docs/results/finding.md)."""


def closeness(score: Score) -> Closeness:
    """By the even balance of words and vectors, whose scores are calibrated."""
    if score.name >= NAME or score.literal >= LITERAL:
        return Closeness.EXACT
    return Closeness.STRONG if score.total - score.repeated >= STRONG_SCORE else Closeness.WEAK

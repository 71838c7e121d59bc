"""Candidates → scores, each divided by what it comes from."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from search.balance import EVEN, Balance
from search.results import Score
from search.retrieval import DEPTH, Candidate

MEANING, WORDS = 1.0, 1.0
"""Weights, measured with the first shipped checkpoint on development questions: CoSQA (MRR 0.485
by meaning alone, 0.314 by words alone, 0.498 by both) and questions on two repositories (nDCG@10
0.679, 0.673, 0.721). Flat between 0.5 and 1.5; reciprocal ranks gave CoSQA 0.445."""

NAME = 4.0
"""More than meaning (-1 to 1), words (0 to 1) and rules can make up for: what is named comes
first."""

LOWERED = 0.5
"""What tests, examples and other code aside lose: half of what is between the nearest text and the
DEPTHth. Chosen, not measured: no development question has such code among its candidates."""


def scores(candidates: Sequence[Candidate], balance: Balance = EVEN) -> dict[int, Score]:
    """text → its score in the balance."""
    closeness = _closeness(candidates, balance)
    return {candidate.text: _score(candidate, balance, closeness) for candidate in candidates}


def _score(
    candidate: Candidate, balance: Balance, closeness: Callable[[Candidate], float]
) -> Score:
    near = MEANING * balance.of_vectors * closeness(candidate)
    by_code = None if candidate.by_code is None else near * _share_of_code(candidate, balance)
    return Score(
        name=NAME * candidate.named,
        words=WORDS * balance.words * candidate.coverage,
        meaning=near - (by_code or 0.0),
        structure=by_code,
        rule=-LOWERED * candidate.aside,
    )


def _closeness(candidates: Sequence[Candidate], balance: Balance) -> Callable[[Candidate], float]:
    """1 for the nearest text, 0 for one that is DEPTHth or has no vector yet, -1 at least."""
    similarities = (_similarity(candidate, balance) for candidate in candidates)
    known = sorted((one for one in similarities if one is not None), reverse=True)
    nearest = known[:DEPTH] or [0.0]
    high, low = nearest[0], nearest[-1]
    width = (high - low) or 1.0

    def closeness(candidate: Candidate) -> float:
        similarity = _similarity(candidate, balance)
        return 0.0 if similarity is None else max(-1.0, (similarity - low) / width)

    return closeness


def _similarity(candidate: Candidate, balance: Balance) -> float | None:
    if candidate.cosine is None:
        return None
    return balance.similarity(candidate.cosine, candidate.by_code)


def _share_of_code(candidate: Candidate, balance: Balance) -> float:
    """Of the similarity: how near a text is comes as much from its code as the similarity does."""
    whole = _similarity(candidate, balance)
    return balance.structure * (candidate.by_code or 0.0) / whole if whole else 0.0

"""The weights of the ranking, chosen by how well questions are answered with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from embeddings.evaluation import questions
from embeddings.evaluation.metrics import Place
from embeddings.evaluation.questions import Question
from search import scoring
from search.scoring import TUNED, Signal, Weights

GRID = {
    "meaning": (0.6, 0.8, 1.0),
    "words": (0.5, 1.0, 1.5, 2.0),
    "path": (0.5, 1.0, 1.5),
    "file": (0.0, 0.25, 0.5),
    "repeated": (0.0, 0.1, 0.2, 0.3),
    "long_text": (100.0, 200.0, 400.0),
}
"""Few values each: some dozens of questions cannot tell finer ones apart."""

WORTH = 0.002
"""What a change must gain: less is chance."""

WITHOUT = {
    "all": {},
    "vectors alone": {"words": 0.0, "path": 0.0, "file": 0.0, "repeated": 0.0},
    "words alone": {"meaning": 0.0, "path": 0.0, "file": 0.0, "repeated": 0.0},
    "without vectors": {"meaning": 0.0},
    "without words": {"words": 0.0},
    "without paths": {"path": 0.0},
    "without files": {"file": 0.0},
    "without repeats": {"repeated": 0.0},
    "without lengths": {"long_text": float("inf")},
    "without rules": {"lowered": 0.0},
}
"""What is left of the ranking → the weights that are changed for it."""


@dataclass(frozen=True, slots=True)
class Case:
    """A question, with all that the ranking knows of its candidates."""

    question: Question
    signals: Sequence[Signal]


@dataclass(frozen=True, slots=True)
class Quality:
    """Mean nDCG@10 over definitions as results, and over files."""

    definitions: float
    files: float

    @property
    def both(self) -> float:
        return (self.definitions + self.files) / 2


def quality(cases: Sequence[Case], weights: Weights) -> Quality:
    """Of the answers to all questions."""
    ordered = [(case.question, _places(case.signals, weights)) for case in cases]
    return Quality(
        definitions=_mean([questions.score(one, found).ndcg for one, found in ordered]),
        files=_mean([questions.score(one, _first_of_files(found)).ndcg for one, found in ordered]),
    )


def ablated(cases: Sequence[Case], weights: Weights = TUNED) -> dict[str, Quality]:
    """What is left → how good it is."""
    return {left: quality(cases, replace(weights, **changed)) for left, changed in WITHOUT.items()}


def tuned(groups: Sequence[Sequence[Case]], start: Weights = TUNED) -> Weights:
    """The weights with the best mean over the groups' qualities, found one weight after the other
    until none gains. Each group counts alike, however many questions it has."""

    def worth(weights: Weights) -> float:
        return _mean([quality(cases, weights).both for cases in groups])

    best, reached = start, worth(start)
    improved = True
    while improved:
        improved = False
        for name, values in GRID.items():
            for value in values:
                tried = replace(best, **{name: value})
                gained = worth(tried)
                if gained > reached + WORTH:
                    best, reached, improved = tried, gained, True
    return best


def _places(signals: Sequence[Signal], weights: Weights) -> list[Place]:
    spots = {one.candidate.text: one.candidate.spot for one in signals}
    ordered = (spots[text] for text in scoring.ranked(signals, weights=weights))
    return [(spot.path, spot.start_line, spot.end_line) for spot in ordered]


def _first_of_files(found: Sequence[Place]) -> list[Place]:
    files: dict[str, Place] = {}
    for place in found:
        files.setdefault(place[0], place)
    return list(files.values())


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)

"""Choosing the weights of the ranking by how well they answer questions."""

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

MIN_GAIN = 0.002
"""What a change must gain: less is chance."""

ABLATIONS: dict[str, dict[str, float]] = {
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
"""Parts that remain of the ranking → the weights that change."""


@dataclass(frozen=True, slots=True)
class Case:
    """A question with the signals of its candidates."""

    question: Question
    signals: Sequence[Signal]


@dataclass(frozen=True, slots=True)
class Quality:
    """Mean nDCG@10 with definitions as results, and with files."""

    definitions: float
    files: float

    @property
    def mean(self) -> float:
        return (self.definitions + self.files) / 2


def quality(cases: Sequence[Case], weights: Weights) -> Quality:
    """How well the questions are answered."""
    answered = [(case.question, _ranked_places(case.signals, weights)) for case in cases]
    return Quality(
        definitions=_mean([questions.score(asked, places).ndcg for asked, places in answered]),
        files=_mean(
            [questions.score(asked, _first_of_files(places)).ndcg for asked, places in answered]
        ),
    )


def ablations(cases: Sequence[Case], weights: Weights = TUNED) -> dict[str, Quality]:
    """The quality of each of ABLATIONS."""
    return {
        remaining: quality(cases, replace(weights, **changed))
        for remaining, changed in ABLATIONS.items()
    }


def tuned_weights(groups: Sequence[Sequence[Case]], start: Weights = TUNED) -> Weights:
    """The weights with the best mean quality over the groups, by changing one weight at a time
    until no change gains. Each group counts the same, however many questions it has."""

    def mean_quality(weights: Weights) -> float:
        return _mean([quality(cases, weights).mean for cases in groups])

    best, reached = start, mean_quality(start)
    improved = True
    while improved:
        improved = False
        for name, values in GRID.items():
            for value in values:
                changed = replace(best, **{name: value})
                gained = mean_quality(changed)
                if gained > reached + MIN_GAIN:
                    best, reached, improved = changed, gained, True
    return best


def _ranked_places(signals: Sequence[Signal], weights: Weights) -> list[Place]:
    locations = {signal.candidate.text: signal.candidate.location for signal in signals}
    ordered = (locations[text] for text in scoring.ranked_scores(signals, weights=weights))
    return [(location.path, location.start_line, location.end_line) for location in ordered]


def _first_of_files(places: Sequence[Place]) -> list[Place]:
    files: dict[str, Place] = {}
    for place in places:
        files.setdefault(place[0], place)
    return list(files.values())


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)

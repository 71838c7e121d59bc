"""What the score of a result comes from: its parts, each as a sum of weighted values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import log1p

from search.candidates.exact import WHOLE
from search.ranking import scoring
from search.ranking.balance import EVEN, Balance
from search.ranking.scoring import TUNED, Signal, Weights
from search.results import Score


@dataclass(frozen=True, slots=True)
class Term:
    """A weight times a value, and what the value is."""

    weight: float
    value: float
    meaning: str

    @property
    def points(self) -> float:
        return self.weight * self.value


@dataclass(frozen=True, slots=True)
class Reason:
    """A part of a score, and the terms that it is the sum of."""

    part: str
    points: float
    terms: Sequence[Term]


def reasons(
    signals: Sequence[Signal], signal: Signal, balance: Balance = EVEN, weights: Weights = TUNED
) -> tuple[Score, list[Reason]]:
    """The score of one of the signals among all of them, and its parts that are not zero."""
    score = scoring.ranked_scores(signals, balance, weights)[signal.candidate.text]
    lent = scoring.lent_scores(signals, scoring.own_scores(signals, balance, weights))
    by_part = {
        "name": _name(signal),
        "literal": _literal(signal),
        "words": _words(signal, balance, weights),
        "path": _path(signal, balance, weights),
        "meaning": _vector(score.meaning, "text", signal, balance, weights),
        "structure": _vector(score.structure or 0.0, "code", signal, balance, weights),
        "file": _file(signal, lent.get(signal.candidate.location.file, 0.0), balance, weights),
        "repeated": _repeated(score, weights),
        "rule": _rule(signal, weights),
    }
    kept = {part: [term for term in terms if term.value] for part, terms in by_part.items()}
    return score, [
        Reason(part, getattr(score, part), terms) for part, terms in kept.items() if terms
    ]


def _name(signal: Signal) -> Iterable[Term]:
    named = signal.candidate.named
    if named == WHOLE:
        return [Term(scoring.NAME, 1.0, "the query is the name of this definition")]
    return [Term(scoring.MENTION, named, "how much it counts that the query names this definition")]


def _literal(signal: Signal) -> Iterable[Term]:
    meaning = (
        "how much the text holds of what the query says exactly: its rarest identifier, or the"
        " strings of its message"
    )
    return [Term(scoring.LITERAL, signal.candidate.literal, meaning)]


def _words(signal: Signal, balance: Balance, weights: Weights) -> Iterable[Term]:
    evidence = signal.evidence
    return [
        Term(
            balance.words * weights.words,
            evidence.words,
            "the query’s words in the text, its names and its path, the rarest ones counting most",
        ),
        Term(
            balance.words * weights.name,
            evidence.name,
            "what the query and the definition’s name have in common",
        ),
    ]


def _path(signal: Signal, balance: Balance, weights: Weights) -> Iterable[Term]:
    evidence = signal.evidence
    return [
        Term(
            balance.words * weights.path,
            evidence.path,
            "the share of the query’s words that are in the path",
        ),
        Term(
            balance.words * weights.file_name,
            evidence.file_name,
            "the share of the file name’s words that the query has",
        ),
    ]


def _vector(
    points: float, share: str, signal: Signal, balance: Balance, weights: Weights
) -> Iterable[Term]:
    weight = weights.meaning * balance.of_vectors
    if not weight:
        return []
    if signal.candidate.cosine is None:
        meaning = "the least similarity that counts: this definition has no vector yet"
    elif balance.is_of_whole_vectors:
        meaning = f"the {share}’s share of the cosine of the two vectors"
    else:
        meaning = f"the {share}’s share of the cosine of the two vectors, by the chosen balance"
    return [Term(weight, points / weight, meaning)]


def _file(signal: Signal, lent: float, balance: Balance, weights: Weights) -> Iterable[Term]:
    return [
        Term(weights.file, lent, "the mean score of the best definitions in the file"),
        Term(
            weights.in_file * balance.words,
            signal.evidence.file,
            "the share of the query’s words that are anywhere in the file",
        ),
        Term(
            -weights.depth,
            log1p(signal.depth),
            "the logarithm of how many folders deeper the file is than others, plus one",
        ),
    ]


def _repeated(score: Score, weights: Weights) -> Iterable[Term]:
    times = -score.repeated / weights.repeated if weights.repeated else 0.0
    return [Term(-weights.repeated, times, "better results in the same file, four at most")]


def _rule(signal: Signal, weights: Weights) -> Iterable[Term]:
    return [
        Term(-weights.lowered, float(bool(signal.lowered)), f"the file is a {signal.lowered} file"),
        Term(-weights.block, float(signal.is_block), "it is no definition, but lines between them"),
    ]

"""What is known of candidates → their scores, each divided by what it comes from."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from search.balance import EVEN, Balance
from search.candidates.retrieval import DEPTH, Candidate
from search.results import Score

NAME = 10.0
"""More than all else can make up for: what is named comes first."""

LENDERS = 3
"""The best candidates of a file, which lend to all of it."""

REPEATS = 4
"""From so many better results of the same file on, another one costs no more."""


@dataclass(frozen=True, slots=True)
class Weights:
    """What counts how much beside meaning, which goes from 1 for the nearest text to 0 for the
    DEPTHth: the query's words in a text and in its path; what a file's best candidates lend it;
    what is taken for each better result of the same file; and what tests, examples and other code
    aside lose, which was chosen, since hardly a development question has such code among its
    candidates. A text of `long_text` distinct words counts half for the same words as a very short
    one."""

    meaning: float = 0.8
    words: float = 1.0
    path: float = 1.5
    file: float = 0.25
    repeated: float = 0.3
    lowered: float = 0.5
    long_text: float = 200.0


TUNED = Weights()
"""By `manage.py tune-ranking`; docs/search.md has its figures."""


class Signal(NamedTuple):
    """A candidate where it lies: `in_path` is the part of the query's words, by their weights, that
    the path holds; `lowered` what a rule of `candidates.path_rules` puts it lower as, empty if none
    does."""

    candidate: Candidate
    in_path: float
    lowered: str


def ranked(
    signals: Sequence[Signal], balance: Balance = EVEN, weights: Weights = TUNED
) -> dict[int, Score]:
    """text → its score, the best first; those that were looked up only to fill a long list last, so
    that a longer list begins with the shorter one."""
    alone = _alone(signals, balance, weights)
    totals = {text: score.total for text, score in alone.items()}
    lent = _lent(signals, alone, totals, weights)
    shared = {text: total + lent[text] for text, total in totals.items()}
    taken = _taken(_ordered(signals, shared), weights)
    left = {text: total + taken[text] for text, total in shared.items()}
    texts = [one.candidate.text for one in _ordered(signals, left)]
    return {text: alone[text].in_its_file(lent[text], taken[text]) for text in texts}


def _alone(signals: Sequence[Signal], balance: Balance, weights: Weights) -> dict[int, Score]:
    """text → the score of what speaks for the candidate itself."""
    similarities = [_similarity(one.candidate, balance) for one in signals]
    closeness = _closeness(signals, similarities)
    full = weights.meaning * balance.of_vectors
    return {
        one.candidate.text: _score(one, full * closeness(similarity), similarity, balance, weights)
        for one, similarity in zip(signals, similarities, strict=True)
    }


def _score(
    signal: Signal, near: float, similarity: float | None, balance: Balance, weights: Weights
) -> Score:
    candidate = signal.candidate
    by_code = None
    if candidate.by_code is not None:
        # How near a text is comes as much from its code as its similarity does
        share = balance.structure * candidate.by_code / similarity if similarity else 0.0
        by_code = near * share
    by_words = candidate.held / (1.0 + candidate.length / weights.long_text)
    return Score(
        name=NAME * candidate.named,
        words=weights.words * balance.words * by_words,
        path=weights.path * balance.words * signal.in_path,
        meaning=near - (by_code or 0.0),
        structure=by_code,
        rule=0.0 - weights.lowered * bool(signal.lowered),
    )


def _similarity(candidate: Candidate, balance: Balance) -> float | None:
    if candidate.cosine is None:
        return None
    return balance.similarity(candidate.cosine, candidate.by_code)


def _closeness(
    signals: Sequence[Signal], similarities: Sequence[float | None]
) -> Callable[[float | None], float]:
    """Of a similarity: 1 for the nearest text, 0 for one that is DEPTHth or has no vector yet, -1
    at least."""
    known = [
        similarity
        for one, similarity in zip(signals, similarities, strict=True)
        if similarity is not None and not one.candidate.deep
    ]
    nearest = sorted(known, reverse=True)[:DEPTH] or [0.0]
    high, low = nearest[0], nearest[-1]
    width = (high - low) or 1.0

    def closeness(similarity: float | None) -> float:
        return 0.0 if similarity is None else max(-1.0, (similarity - low) / width)

    return closeness


def _lent(
    signals: Sequence[Signal],
    scores: Mapping[int, Score],
    totals: Mapping[int, float],
    weights: Weights,
) -> dict[int, float]:
    """text → its share of the mean of what the LENDERS best candidates of its file score; what they
    lack counts as 0."""
    files: dict[int, list[float]] = defaultdict(list)
    for one in signals:
        if not one.candidate.deep:
            text = one.candidate.text
            files[one.candidate.spot.file].append(max(0.0, totals[text] - scores[text].name))
    best = {file: sorted(found, reverse=True)[:LENDERS] for file, found in files.items()}
    lent = {file: weights.file * sum(found) / LENDERS for file, found in best.items()}
    return {one.candidate.text: lent.get(one.candidate.spot.file, 0.0) for one in signals}


def _taken(ordered: Iterable[Signal], weights: Weights) -> dict[int, float]:
    """text → what is taken for those of the same file before it; 0 or less."""
    before: Counter[int] = Counter()
    taken = {}
    for one in ordered:
        file = one.candidate.spot.file
        # From 0.0: where nothing is taken, a minus alone would make it -0.0.
        taken[one.candidate.text] = 0.0 - weights.repeated * min(before[file], REPEATS)
        before[file] += 1
    return taken


def _ordered(signals: Sequence[Signal], totals: Mapping[int, float]) -> list[Signal]:
    """The best first, but those last that only fill a long list. Equals go by their places: ids
    would tell whose text was there before, in code that is hidden."""

    def key(one: Signal) -> tuple[object, ...]:
        deep, text, spot = one.candidate.deep, one.candidate.text, one.candidate.spot
        return deep, -totals[text], spot.path, spot.start_line, spot.end_line, spot.file, text

    return sorted(signals, key=key)

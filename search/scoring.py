"""What is known of candidates → their scores, each divided by what it comes from."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from search.balance import EVEN, Balance
from search.results import Score
from search.retrieval import DEPTH, Candidate

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

    meaning: float = 1.0
    words: float = 1.0
    path: float = 1.5
    file: float = 0.25
    repeated: float = 0.3
    lowered: float = 0.5
    long_text: float = 200.0


TUNED = Weights()
"""By `manage.py tune-ranking`; docs/search.md has its figures."""


@dataclass(frozen=True, slots=True)
class Signal:
    """A candidate where it lies: `in_path` is the part of the query's
    words, by their weights, that the path holds; `lowered` what a rule of `search.manners` puts it
    lower as, empty if none does."""

    candidate: Candidate
    in_path: float
    lowered: str


def ranked(
    signals: Sequence[Signal], balance: Balance = EVEN, weights: Weights = TUNED
) -> dict[int, Score]:
    """text → its score, the best first; those that were looked up only to fill a long list last, so
    that a longer list begins with the shorter one."""
    closeness = _closeness(signals, balance)
    alone = {one.candidate.text: _score(one, balance, weights, closeness) for one in signals}
    lent = _lent(signals, alone, weights)
    totals = {text: score.total + lent[text] for text, score in alone.items()}
    taken = _taken(_ordered(signals, totals), weights)
    left = {text: total + taken[text] for text, total in totals.items()}
    texts = (one.candidate.text for one in _ordered(signals, left))
    return {text: replace(alone[text], file=lent[text], repeated=taken[text]) for text in texts}


def _score(
    signal: Signal, balance: Balance, weights: Weights, closeness: Callable[[Candidate], float]
) -> Score:
    """Of what speaks for the candidate itself."""
    candidate = signal.candidate
    near = weights.meaning * balance.of_vectors * closeness(candidate)
    by_code = None if candidate.by_code is None else near * _share_of_code(candidate, balance)
    by_words = candidate.held / (1.0 + candidate.length / weights.long_text)
    return Score(
        name=NAME * candidate.named,
        words=weights.words * balance.words * by_words,
        path=weights.path * balance.words * signal.in_path,
        meaning=near - (by_code or 0.0),
        structure=by_code,
        file=0.0,
        repeated=0.0,
        rule=0.0 - weights.lowered * bool(signal.lowered),
    )


def _closeness(signals: Sequence[Signal], balance: Balance) -> Callable[[Candidate], float]:
    """1 for the nearest text, 0 for one that is DEPTHth or has no vector yet, -1 at least."""
    similarities = (_similarity(one.candidate, balance) for one in _near(signals))
    known = sorted((one for one in similarities if one is not None), reverse=True)
    nearest = known[:DEPTH] or [0.0]
    high, low = nearest[0], nearest[-1]
    width = (high - low) or 1.0

    def closeness(candidate: Candidate) -> float:
        similarity = _similarity(candidate, balance)
        return 0.0 if similarity is None else max(-1.0, (similarity - low) / width)

    return closeness


def _near(signals: Iterable[Signal]) -> Iterable[Signal]:
    return (one for one in signals if not one.candidate.deep)


def _similarity(candidate: Candidate, balance: Balance) -> float | None:
    if candidate.cosine is None:
        return None
    return balance.similarity(candidate.cosine, candidate.by_code)


def _share_of_code(candidate: Candidate, balance: Balance) -> float:
    """Of the similarity: how near a text is comes as much from its code as the similarity does."""
    whole = _similarity(candidate, balance)
    return balance.structure * (candidate.by_code or 0.0) / whole if whole else 0.0


def _lent(
    signals: Sequence[Signal], scores: Mapping[int, Score], weights: Weights
) -> dict[int, float]:
    """text → its share of the mean of what the LENDERS best candidates of its file score; what they
    lack counts as 0."""
    files: dict[int, list[float]] = defaultdict(list)
    for one in _near(signals):
        score = scores[one.candidate.text]
        files[one.candidate.spot.file].append(max(0.0, score.total - score.name))
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
    """The best first, but those last that only fill a long list."""
    return sorted(
        signals,
        key=lambda one: (one.candidate.deep, -totals[one.candidate.text], one.candidate.text),
    )

"""The scores of candidates, each as the sum of its parts."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log1p
from typing import NamedTuple

from embeddings.types import Kind
from search.candidates.exact import WHOLE
from search.candidates.retrieval import DEPTHS, FILE_CANDIDATES, Candidate
from search.ranking.balance import EVEN, Balance
from search.ranking.evidence import Evidence
from search.results import Score

NAME = 100.0
"""More than all other parts together: a definition that is named comes first."""

MENTION = 6.0
"""What it counts, times its share, that a query names a definition beside other words."""

LITERAL = 30.0
"""More than the parts that follow together: what holds the query's rarest identifier, or says the
whole message, comes next."""

MAX_REPEATS = 4
"""From this many better results of the same file on, another one costs no more."""


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each part of a score counts.

    A definition's own parts: `words` and `name` weight its `Evidence`, and `meaning` the cosine of
    its vector and the query's; `block` is subtracted from what is no definition, such as a file's
    imports. Parts of its file: `file` weights the mean of the best definitions' own parts, and
    `in_file`, `path` and `file_name` their `Evidence`; `depth` is subtracted for the logarithm of
    its depth, and `lowered` from tests, examples and other code aside. `repeated` is subtracted for
    each better result of the same file."""

    words: float = 0.12
    name: float = 1.8
    meaning: float = 11.0
    block: float = 0.25
    file: float = 0.35
    in_file: float = 2.75
    path: float = 4.2
    file_name: float = 1.5
    depth: float = 0.7
    lowered: float = 2.85
    repeated: float = 4.0


TUNED = Weights()
"""Chosen by `manage.py tune-ranking`; docs/results/finding.md has the figures."""


class Signal(NamedTuple):
    """All that the ranking knows of a candidate: what the query's words say for it, how many
    folders deeper its file is than the foremost candidate of its branch, what it is ranked lower
    as, empty if it is not, and its file's language."""

    candidate: Candidate
    evidence: Evidence
    depth: int = 0
    lowered: str = ""
    language: str = ""

    @property
    def is_block(self) -> bool:
        """Whether it is no definition, but lines between definitions."""
        return self.candidate.location.kind in (Kind.BLOCK, Kind.FILE)


def ranked_scores(
    signals: Sequence[Signal], balance: Balance = EVEN, weights: Weights = TUNED
) -> dict[int, Score]:
    """text → its score, the best first. Candidates of a later tier come later, so that a longer
    list begins with the shorter one."""
    own = own_scores(signals, balance, weights)
    lent = lent_scores(signals, own)
    scores = {
        signal.candidate.text: _with_file_parts(
            own[signal.candidate.text],
            signal,
            lent.get(signal.candidate.location.file, 0.0),
            balance,
            weights,
        )
        for signal in signals
    }
    repeated = _repeat_penalties(_ordered(signals, scores), weights)
    scores = {text: score._replace(repeated=repeated[text]) for text, score in scores.items()}
    texts = [signal.candidate.text for signal in _ordered(signals, scores)]
    return {text: scores[text] for text in texts}


def own_scores(signals: Sequence[Signal], balance: Balance, weights: Weights) -> dict[int, Score]:
    """text → its score without the parts that come from its file."""
    similarities = _Similarities(signals, balance)
    return {
        signal.candidate.text: _own_score(signal, similarities, balance, weights)
        for signal in signals
    }


def lent_scores(signals: Sequence[Signal], own: Mapping[int, Score]) -> dict[int, float]:
    """file → the mean own score of its FILE_CANDIDATES best candidates, exact matches left out;
    missing ones count as 0."""
    files: dict[int, list[float]] = defaultdict(list)
    for signal in signals:
        candidate = signal.candidate
        if candidate.tier == 0:
            exact = _named(candidate) + LITERAL * candidate.literal
            without_exact = own[candidate.text].total - exact
            files[candidate.location.file].append(max(0.0, without_exact))
    return {
        file: sum(sorted(scores, reverse=True)[:FILE_CANDIDATES]) / FILE_CANDIDATES
        for file, scores in files.items()
    }


def _own_score(
    signal: Signal, similarities: _Similarities, balance: Balance, weights: Weights
) -> Score:
    candidate, evidence = signal.candidate, signal.evidence
    by_vector = weights.meaning * balance.of_vectors * similarities.cosine(candidate)
    by_code = None
    if candidate.code_cosine is not None:
        # The code's share of this part is its share of the similarity
        similarity = similarities.of(candidate)
        share = balance.structure * candidate.code_cosine / similarity if similarity else 0.0
        by_code = by_vector * share
    return Score(
        name=_named(candidate),
        literal=LITERAL * candidate.literal,
        words=balance.words * (weights.words * evidence.words + weights.name * evidence.name),
        meaning=by_vector - (by_code or 0.0),
        structure=by_code,
        rule=0.0 - weights.block * signal.is_block,
    )


def _named(candidate: Candidate) -> float:
    return NAME if candidate.named == WHOLE else MENTION * candidate.named


def _is_exact(candidate: Candidate) -> bool:
    return candidate.named == WHOLE or candidate.literal > 0


def _with_file_parts(
    own: Score, signal: Signal, lent: float, balance: Balance, weights: Weights
) -> Score:
    evidence = signal.evidence
    by_path = weights.path * evidence.path + weights.file_name * evidence.file_name
    by_content = weights.file * lent + weights.in_file * balance.words * evidence.file
    return own._replace(
        path=balance.words * by_path,
        file=by_content - weights.depth * log1p(signal.depth),
        rule=own.rule - weights.lowered * bool(signal.lowered),
    )


class _Similarities:
    """The similarities of a query's candidates by a balance of text and code."""

    def __init__(self, signals: Sequence[Signal], balance: Balance) -> None:
        self._balance = balance
        known = [
            signal.candidate
            for signal in signals
            if signal.candidate.cosine is not None and signal.candidate.tier == 0
        ]
        self._cosines = _Range.of([each.cosine or 0.0 for each in known])
        self._balanced = _Range.of([self.of(each) or 0.0 for each in known])

    def of(self, candidate: Candidate) -> float | None:
        """None without a vector."""
        if candidate.cosine is None:
            return None
        return self._balance.similarity(candidate.cosine, candidate.code_cosine)

    def cosine(self, candidate: Candidate) -> float:
        """The similarity on the scale of cosines, since those of the code alone are small. A text
        without a vector counts as the last of the first tier's nearest."""
        similarity = self.of(candidate)
        if similarity is None:
            return self._cosines.low
        if self._balance.is_of_whole_vectors:
            return similarity
        share = (similarity - self._balanced.low) / (self._balanced.width or 1.0)
        return self._cosines.low + max(-1.0, share) * self._cosines.width


class _Range(NamedTuple):
    """From the last of the DEPTHS[0] highest values to the highest."""

    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> _Range:
        highest = sorted(values, reverse=True)[: DEPTHS[0]] or [0.0]
        return cls(highest[-1], highest[0])

    @property
    def width(self) -> float:
        return self.high - self.low


def _repeat_penalties(ordered: Iterable[Signal], weights: Weights) -> dict[int, float]:
    """text → what is added for those of the same file before it; 0 or less. What the query says
    exactly is wanted wherever it is."""
    before: Counter[int] = Counter()
    penalties = {}
    for signal in ordered:
        file = signal.candidate.location.file
        times = 0 if _is_exact(signal.candidate) else min(before[file], MAX_REPEATS)
        # From 0.0: a minus alone would make zero -0.0.
        penalty = 0.0 - weights.repeated * times
        penalties[signal.candidate.text] = penalty
        before[file] += 1
    return penalties


def _ordered(signals: Sequence[Signal], scores: Mapping[int, Score]) -> list[Signal]:
    """The best of each tier first. Ties are broken by place: ids would
    tell whose text was indexed first, in code that is hidden."""

    totals = {text: score.total for text, score in scores.items()}

    def key(signal: Signal) -> tuple[object, ...]:
        text, place = signal.candidate.text, signal.candidate.location
        return (
            signal.candidate.tier,
            -totals[text],
            place.path,
            place.start_line,
            place.end_line,
            place.file,
            text,
        )

    return sorted(signals, key=key)

"""The scores of candidates, each as the sum of its parts."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from search.balance import EVEN, Balance
from search.candidates.retrieval import DEPTH, Candidate
from search.results import Score

NAME = 10.0
"""More than all other parts together: a definition that is named comes first."""

LITERAL = 5.0
"""More than the parts that follow together: what holds the query's rarest identifier, or
says the whole message, comes next."""

FILE_CANDIDATES = 3
"""The best candidates of a file, whose scores add to those of all its candidates."""

MAX_REPEATS = 4
"""From this many better results of the same file on, another one costs no more."""


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each part of a score counts.

    `meaning` weights the similarity of vectors, which goes from 1 for the nearest text to 0 for the
    DEPTHth. `words` and `path` weight the query's words in a text and in its path. `file` weights
    the best candidates of the file. `repeated` is subtracted for each better result of the same
    file. `lowered` is subtracted from tests, examples and other code aside; it was chosen by hand,
    since the development questions hardly have such candidates. A text of `long_text` distinct
    words counts half as much for the same words as a very short one."""

    meaning: float = 0.8
    words: float = 1.0
    path: float = 1.5
    file: float = 0.25
    repeated: float = 0.3
    lowered: float = 0.5
    long_text: float = 200.0


TUNED = Weights()
"""Chosen by `manage.py tune-ranking`; docs/results/search.md has the figures."""


class Signal(NamedTuple):
    """A candidate with what its location tells: `path_coverage` is the share of the query's words,
    by weight, in its path; `lowered` is what a path rule ranks it lower as, empty if none does."""

    candidate: Candidate
    path_coverage: float
    lowered: str


def ranked_scores(
    signals: Sequence[Signal], balance: Balance = EVEN, weights: Weights = TUNED
) -> dict[int, Score]:
    """text → its score, the best first. Candidates that only fill a long list come last, so that a
    longer list begins with the shorter one."""
    own = _own_scores(signals, balance, weights)
    totals = {text: score.total for text, score in own.items()}
    from_file = _file_parts(signals, own, totals, weights)
    with_file = {text: total + from_file[text] for text, total in totals.items()}
    repeated = _repeat_penalties(_ordered(signals, with_file), weights)
    final = {text: total + repeated[text] for text, total in with_file.items()}
    texts = [signal.candidate.text for signal in _ordered(signals, final)]
    return {text: own[text].with_file_parts(from_file[text], repeated[text]) for text in texts}


def _own_scores(signals: Sequence[Signal], balance: Balance, weights: Weights) -> dict[int, Score]:
    """text → its score without the parts that depend on others of its file."""
    similarities = [_similarity(signal.candidate, balance) for signal in signals]
    scaled = _scale(signals, similarities)
    full = weights.meaning * balance.of_vectors
    return {
        signal.candidate.text: _score(
            signal, full * scaled(similarity), similarity, balance, weights
        )
        for signal, similarity in zip(signals, similarities, strict=True)
    }


def _score(
    signal: Signal,
    by_vector: float,
    similarity: float | None,
    balance: Balance,
    weights: Weights,
) -> Score:
    candidate = signal.candidate
    by_code = None
    if candidate.code_cosine is not None:
        # The code's share of this part is its share of the similarity
        share = balance.structure * candidate.code_cosine / similarity if similarity else 0.0
        by_code = by_vector * share
    by_words = candidate.coverage / (1.0 + candidate.length / weights.long_text)
    return Score(
        name=NAME * candidate.named,
        literal=LITERAL * candidate.literal,
        words=weights.words * balance.words * by_words,
        path=weights.path * balance.words * signal.path_coverage,
        meaning=by_vector - (by_code or 0.0),
        structure=by_code,
        rule=0.0 - weights.lowered * bool(signal.lowered),
    )


def _similarity(candidate: Candidate, balance: Balance) -> float | None:
    if candidate.cosine is None:
        return None
    return balance.similarity(candidate.cosine, candidate.code_cosine)


def _scale(
    signals: Sequence[Signal], similarities: Sequence[float | None]
) -> Callable[[float | None], float]:
    """Maps similarities: 1 for the nearest text, 0 for the DEPTHth and for one without a vector,
    and at least -1."""
    known = [
        similarity
        for signal, similarity in zip(signals, similarities, strict=True)
        if similarity is not None and not signal.candidate.beyond_depth
    ]
    nearest = sorted(known, reverse=True)[:DEPTH] or [0.0]
    high, low = nearest[0], nearest[-1]
    width = (high - low) or 1.0

    def scaled(similarity: float | None) -> float:
        return 0.0 if similarity is None else max(-1.0, (similarity - low) / width)

    return scaled


def _file_parts(
    signals: Sequence[Signal],
    scores: Mapping[int, Score],
    totals: Mapping[int, float],
    weights: Weights,
) -> dict[int, float]:
    """text → its weighted share of the mean score of the FILE_CANDIDATES best candidates of its
    file, exact matches left out; missing candidates count as 0."""
    files: dict[int, list[float]] = defaultdict(list)
    for signal in signals:
        if not signal.candidate.beyond_depth:
            text = signal.candidate.text
            without_exact = totals[text] - scores[text].name - scores[text].literal
            files[signal.candidate.location.file].append(max(0.0, without_exact))
    best = {file: sorted(own, reverse=True)[:FILE_CANDIDATES] for file, own in files.items()}
    parts = {file: weights.file * sum(own) / FILE_CANDIDATES for file, own in best.items()}
    return {
        signal.candidate.text: parts.get(signal.candidate.location.file, 0.0) for signal in signals
    }


def _repeat_penalties(ordered: Iterable[Signal], weights: Weights) -> dict[int, float]:
    """text → what is added for those of the same file before it; 0 or less."""
    before: Counter[int] = Counter()
    penalties = {}
    for signal in ordered:
        file = signal.candidate.location.file
        # From 0.0: a minus alone would make zero -0.0.
        penalty = 0.0 - weights.repeated * min(before[file], MAX_REPEATS)
        penalties[signal.candidate.text] = penalty
        before[file] += 1
    return penalties


def _ordered(signals: Sequence[Signal], totals: Mapping[int, float]) -> list[Signal]:
    """The best first; those that only fill a long list last. Ties are broken by place: ids would
    tell whose text was indexed first, in code that is hidden."""

    def key(signal: Signal) -> tuple[object, ...]:
        text, place = signal.candidate.text, signal.candidate.location
        return (
            signal.candidate.beyond_depth,
            -totals[text],
            place.path,
            place.start_line,
            place.end_line,
            place.file,
            text,
        )

    return sorted(signals, key=key)

"""Learning the weights of the ranking from questions: a listwise softmax regression over files, as
in ListNet (Cao et al. 2007), whose features are the parts of a score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import log1p

import numpy as np
from numpy.typing import NDArray

from embeddings.evaluation import questions
from embeddings.evaluation.metrics import Place, overlaps
from embeddings.evaluation.questions import Question, Score
from search.ranking import scoring
from search.ranking.balance import EVEN
from search.ranking.scoring import TUNED, Signal, Weights

LEARNED = (
    "words", "name", "meaning", "block",
    "file", "in_file", "path", "file_name", "depth", "lowered",
)  # fmt: skip
"""The weights that are learned, in the order of a file's features. `repeated` does not change which
file comes first, and is chosen apart."""

PENALTY = 0.02
"""Of the squared weights of standardised features: some hundred questions cannot tell large weights
from chance."""

ROUNDS = 3
"""The best definitions of a file depend on the weights, which are learned from them."""

REPEATED = (0.0, 0.5, 1.0, 2.0, 4.0)

ABLATIONS: dict[str, dict[str, float]] = {
    "all": {},
    "without vectors": {"meaning": 0.0},
    "without words": {"words": 0.0},
    "without names": {"name": 0.0},
    "without paths": {"path": 0.0, "file_name": 0.0},
    "without files": {"file": 0.0, "in_file": 0.0},
    "without depths": {"depth": 0.0},
    "without rules": {"lowered": 0.0, "block": 0.0},
}
"""Parts that remain of the ranking → the weights that change; the others are learned anew."""


@dataclass(frozen=True, slots=True)
class Case:
    """A question with the signals of its candidates."""

    question: Question
    signals: Sequence[Signal]


@dataclass(frozen=True, slots=True)
class Group:
    """The questions about a repository, and how much they count together."""

    cases: Sequence[Case]
    share: float = 1.0


def learned_weights(groups: Sequence[Group], fixed: Mapping[str, float] | None = None) -> Weights:
    """The weights that answer the questions best, except those that are `fixed`."""
    weights = replace(TUNED, **(fixed or {}))
    for _ in range(ROUNDS):
        weights = _fitted(groups, weights, frozenset(fixed or ()))
    return weights


def with_repeated(groups: Sequence[Group], weights: Weights) -> Weights:
    """The weights with the penalty of repeats that orders definitions best."""

    def quality(tried: Weights) -> float:
        return sum(group.share * _definitions(group.cases, tried) for group in groups)

    return max((replace(weights, repeated=value) for value in REPEATED), key=quality)


def held_out(groups: Sequence[Group], fixed: Mapping[str, float] | None = None) -> list[Weights]:
    """For each group the weights that the other groups teach."""
    return [
        learned_weights([*groups[:number], *groups[number + 1 :]], fixed)
        for number in range(len(groups))
    ]


def scores(cases: Sequence[Case], weights: Weights, *, of_files: bool = True) -> list[Score]:
    """How well each question is answered, with files or with definitions as results."""
    ranked = [_ranked_places(case.signals, weights) for case in cases]
    if of_files:
        ranked = [_first_of_files(places) for places in ranked]
    return [
        questions.score(case.question, places) for case, places in zip(cases, ranked, strict=True)
    ]


def _definitions(cases: Sequence[Case], weights: Weights) -> float:
    return _mean([score.ndcg for score in scores(cases, weights, of_files=False)])


def _fitted(groups: Sequence[Group], weights: Weights, fixed: frozenset[str]) -> Weights:
    import torch  # noqa: PLC0415  takes seconds, and only tuning needs it

    learned = [name for name in LEARNED if name not in fixed]
    examples = [
        (*_example(case, weights), group.share / len(group.cases))
        for group in groups
        for case in group.cases
    ]
    examples = [each for each in examples if each[1].any()]
    columns = [LEARNED.index(name) for name in learned]
    files = [features[:, columns] for features, _, _ in examples]
    spread = np.concatenate(files).std(axis=0) + 1e-9
    features, answers = (
        torch.nn.utils.rnn.pad_sequence(list(map(torch.from_numpy, rows)), batch_first=True)
        for rows in (
            [own / spread for own in files],
            [answering / answering.sum() for _, answering, _ in examples],
        )
    )
    lengths = torch.tensor([len(own) for own in files])
    is_padding = torch.arange(features.shape[1]) >= lengths[:, None]
    shares = torch.tensor([share for _, _, share in examples], dtype=torch.float64)
    own = torch.zeros(len(learned), dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([own], max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        likelihoods = (features @ own).masked_fill(is_padding, -1e9).log_softmax(dim=1)
        surprise = -(answers * likelihoods).sum(dim=1)
        total = (shares @ surprise) / shares.sum() + PENALTY * own.square().sum()
        total.backward()  # type: ignore[no-untyped-call]
        return total

    optimizer.step(loss)  # type: ignore[no-untyped-call]
    values = own.detach().numpy() / spread
    # A part that would count against what it shows is left out
    return replace(
        weights,
        **{name: max(0.0, float(value)) for name, value in zip(learned, values, strict=True)},
    )


def _example(case: Case, weights: Weights) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The features of each file among the candidates, of shape (files, LEARNED), and whether the
    file answers the question, of shape (files,)."""
    own = scoring.own_scores(case.signals, EVEN, weights)
    lent = scoring.lent_scores(case.signals, own)
    best: dict[int, Signal] = {}
    answering = set()
    for signal in case.signals:
        location = signal.candidate.location
        place = (location.path, location.start_line, location.end_line)
        if any(overlaps(place, target) for target in case.question.targets):
            answering.add(location.file)
        first = best.setdefault(location.file, signal)
        if own[signal.candidate.text].total > own[first.candidate.text].total:
            best[location.file] = signal
    features = [_features(signal, lent[file]) for file, signal in best.items()]
    answers = [float(file in answering) for file in best]
    return np.array(features).reshape(-1, len(LEARNED)), np.array(answers)


def _features(signal: Signal, lent: float) -> tuple[float, ...]:
    evidence = signal.evidence
    return (
        evidence.words,
        evidence.name,
        signal.candidate.cosine or 0.0,
        -float(signal.is_block),
        lent,
        evidence.file,
        evidence.path,
        evidence.file_name,
        -log1p(signal.depth),
        -float(bool(signal.lowered)),
    )


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

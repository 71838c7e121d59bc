"""Scores from what is known of candidates, and the weights that suit a set of questions."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from embeddings.evaluation.questions import Question
from search.candidates.retrieval import Candidate
from search.places import Location
from search.ranking import scoring, tuning
from search.ranking.balance import PRESETS
from search.ranking.evidence import SATURATION, Evidence
from search.ranking.scoring import Signal, Weights
from search.ranking.tuning import Case, Group

NOTHING = Weights(**dict.fromkeys((field.name for field in fields(Weights)), 0.0))
PLAIN = replace(NOTHING, words=1.0, path=1.0, in_file=1.0)


def signal(
    text: int,
    *,
    file: int | None = None,
    words: float = 0.0,
    path: float = 0.0,
    lowered: str = "",
    cosine: float | None = None,
    code_cosine: float | None = None,
    depth: int = 0,
    kind: str = "function",
    named: float = 0.0,
    literal: float = 0.0,
    tier: int = 0,
) -> Signal:
    number = text if file is None else file
    location = Location(1, number, f"{number}.py", text, text, kind)
    candidate = Candidate(text, cosine, code_cosine, 0, 0, named, location, literal, tier)
    return Signal(candidate, Evidence(words=words, path=path), depth, lowered)


def order(*signals: Signal, weights: Weights = PLAIN) -> list[int]:
    return list(scoring.ranked_scores(signals, weights=weights))


def test_words_in_a_path_count_beside_those_in_a_text() -> None:
    assert order(signal(1, words=0.5), signal(2, path=0.6)) == [2, 1]
    assert order(signal(1, words=0.5), signal(2, words=0.2, path=0.4)) == [2, 1]


def test_files_near_the_top_come_first() -> None:
    deep, shallow = signal(1, depth=3), signal(2, depth=1)
    assert order(deep, shallow, weights=replace(NOTHING, depth=1.0)) == [2, 1]


def test_a_block_comes_after_a_definition() -> None:
    weights = replace(NOTHING, block=1.0)
    assert order(signal(1, kind="block"), signal(2), weights=weights) == [2, 1]


def test_meaning_is_the_cosine_as_it_is() -> None:
    weights = replace(NOTHING, meaning=2.0)
    alone = scoring.ranked_scores([signal(1, cosine=0.2)], weights=weights)
    beside = scoring.ranked_scores([signal(1, cosine=0.2), signal(2, cosine=0.9)], weights=weights)
    assert alone[1].meaning == beside[1].meaning == 0.4


def test_a_text_without_a_vector_counts_as_the_last_of_the_nearest() -> None:
    weights = replace(NOTHING, meaning=1.0)
    scores = scoring.ranked_scores(
        [signal(1, cosine=0.2), signal(2, cosine=0.5), signal(3)], weights=weights
    )
    assert scores[3].meaning == scores[1].meaning == 0.2


def test_similarities_of_the_code_alone_are_spread_like_cosines() -> None:
    weights = replace(NOTHING, meaning=1.0)
    signals = [
        signal(1, cosine=0.6, code_cosine=0.02),
        signal(2, cosine=0.3, code_cosine=0.05),
        signal(3, cosine=0.2, code_cosine=0.01),
    ]
    scores = scoring.ranked_scores(signals, PRESETS["structure"], weights)
    assert {text: round(score.total, 6) for text, score in scores.items()} == {
        2: 0.6,
        1: 0.3,
        3: 0.2,
    }


def test_the_best_of_a_file_lend_to_all_of_it() -> None:
    signals = [
        signal(1, file=7, words=0.5),
        signal(2, file=8, words=0.4),
        signal(3, file=8, words=0.4),
    ]
    assert order(*signals) == [1, 2, 3]
    assert order(*signals, weights=replace(PLAIN, file=2.0)) == [2, 3, 1]


def test_what_a_name_gives_is_not_lent() -> None:
    scores = scoring.ranked_scores(
        [signal(1, file=7, named=1.0), signal(2, file=7)], weights=replace(PLAIN, file=1.0)
    )
    assert scores[2].file == 0


def test_each_better_result_of_the_same_file_costs() -> None:
    many = [signal(text, file=7, words=0.9 - text / 100) for text in range(6)]
    other = signal(9, words=0.65)
    weights = replace(PLAIN, repeated=0.1)
    assert order(*many, other, weights=weights) == [0, 1, 2, 9, 3, 4, 5]
    scores = scoring.ranked_scores(many, weights=weights)
    taken = [round(-scores[text].repeated, 2) for text in range(6)]
    assert taken == [0, 0.1, 0.2, 0.3, 0.4, 0.4]


def test_what_the_query_says_exactly_is_no_repeat() -> None:
    same_file = [signal(text, file=7, words=1.0) for text in (1, 2, 3)]
    exact = [signal(4, file=7, named=1.0), signal(5, file=7, literal=0.5)]
    scores = scoring.ranked_scores([*same_file, *exact], weights=replace(PLAIN, repeated=1.0))
    assert [scores[text].repeated for text in (4, 5)] == [0, 0]
    assert min(scores[text].repeated for text in (1, 2, 3)) == -4


def test_nothing_taken_is_zero_without_a_sign() -> None:
    score = scoring.ranked_scores([signal(1)], weights=Weights())[1]
    assert [str(score.repeated), str(score.rule)] == ["0.0", "0.0"]


def test_a_name_outweighs_all_else() -> None:
    named = signal(1, file=2, named=1.0, cosine=-1.0, lowered="test", depth=20, kind="block")
    everything = Evidence(words=1 + SATURATION, name=1.0, path=1.0, file=1.0, file_name=2.0)
    better = [
        signal(text, file=2, cosine=1.0, literal=1.0)._replace(evidence=everything)
        for text in range(2, 8)
    ]
    assert order(named, *better, weights=Weights())[0] == 1


def test_what_fills_a_long_list_comes_last_and_changes_nothing_before() -> None:
    near = [signal(1, words=0.2, cosine=0.3), signal(2, words=0.1, cosine=0.1)]
    far = [signal(3, file=2, words=1.0, cosine=0.9, tier=1)]
    weights = replace(PLAIN, file=1.0)
    few, many = (scoring.ranked_scores(some, weights=weights) for some in (near, near + far))
    assert list(many) == [1, 2, 3]
    assert [many[text] for text in (1, 2)] == [few[text] for text in (1, 2)]


class TestTuning:
    """Two questions about files, which paths answer and texts do not."""

    @pytest.fixture
    def cases(self) -> list[Case]:
        misleading = signal(1, words=0.5)
        return [
            Case(Question("a", [("2.py", 1, 9)], ""), [misleading, signal(2, path=0.4)]),
            Case(Question("b", [("3.py", 1, 9)], ""), [misleading, signal(3, path=0.3)]),
        ]

    def test_weights_are_learned_that_answer_better(self, cases: list[Case]) -> None:
        assert ndcg(cases, PLAIN) < 0.7
        assert ndcg(cases, tuning.learned_weights([Group(cases)])) == 1

    def test_what_is_fixed_is_not_learned(self, cases: list[Case]) -> None:
        weights = tuning.learned_weights([Group(cases)], {"path": 0.0})
        assert weights.path == 0
        assert ndcg(cases, weights) < 0.7

    def test_each_group_is_answered_by_what_the_others_teach(self, cases: list[Case]) -> None:
        silent = [Case(cases[0].question, [signal(1, words=0.5), signal(2, words=0.4)])]
        taught, untaught = tuning.held_out([Group(silent), Group(cases)])
        assert taught.path > 0
        assert untaught.path == 0

    def test_definitions_of_a_file_are_one_result_where_files_are(self) -> None:
        signals = [
            signal(1, file=7, words=0.9),
            signal(2, file=7, words=0.8),
            signal(3, words=0.7),
        ]
        case = Case(Question("a", [("3.py", 1, 9)], ""), signals)
        of_definitions = tuning.scores([case], PLAIN, of_files=False)
        assert of_definitions[0].ndcg == pytest.approx(0.5)
        assert ndcg([case], PLAIN) == pytest.approx(0.6309, abs=1e-4)

    def test_repeats_cost_what_orders_definitions_best(self) -> None:
        signals = [
            signal(1, file=7, words=0.9),
            signal(2, file=7, words=0.8),
            signal(3, words=0.7),
        ]
        case = Case(Question("a", [("3.py", 1, 9)], ""), signals)
        assert tuning.with_repeated([Group([case])], PLAIN).repeated > 0


def ndcg(cases: list[Case], weights: Weights) -> float:
    return sum(score.ndcg for score in tuning.scores(cases, weights)) / len(cases)

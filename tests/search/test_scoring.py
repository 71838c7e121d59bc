"""Scores from what is known of candidates, and the weights that suit a set of questions."""

from __future__ import annotations

from dataclasses import replace

import pytest

from embeddings.evaluation.questions import Question
from search import scoring, tuning
from search.candidates.retrieval import Candidate
from search.places import Location
from search.scoring import Signal, Weights
from search.tuning import Case, Quality

PLAIN = Weights(words=1.0, path=1.0, file=0.0, repeated=0.0, long_text=100.0)


def signal(
    text: int,
    *,
    file: int | None = None,
    coverage: float = 0.0,
    path_coverage: float = 0.0,
    lowered: str = "",
    cosine: float | None = None,
    length: int = 0,
    named: float = 0.0,
    literal: float = 0.0,
    beyond_depth: bool = False,
) -> Signal:
    number = text if file is None else file
    location = Location(number, f"{number}.py", text, text)
    candidate = Candidate(
        text, cosine, None, coverage, length, named, beyond_depth, location, literal
    )
    return Signal(candidate, path_coverage, lowered)


def order(*signals: Signal, weights: Weights = PLAIN) -> list[int]:
    return list(scoring.ranked_scores(signals, weights=weights))


def test_words_in_a_path_count_beside_those_in_a_text() -> None:
    assert order(signal(1, coverage=0.5), signal(2, path_coverage=0.6)) == [2, 1]
    assert order(signal(1, coverage=0.5), signal(2, coverage=0.2, path_coverage=0.4)) == [2, 1]


def test_what_is_named_and_what_is_said_come_before_all_else() -> None:
    likely = signal(1, coverage=1.0, path_coverage=1.0, cosine=1.0)
    said, partly = signal(2, literal=1.0, cosine=0.1), signal(3, literal=0.8, cosine=0.1)
    named = signal(4, named=1.0, cosine=0.1)
    assert order(likely, partly, said, named, weights=Weights()) == [4, 2, 3, 1]


def test_a_long_text_counts_less_for_the_same_words() -> None:
    scores = scoring.ranked_scores(
        [signal(1, coverage=1.0, length=100), signal(2, coverage=1.0)], weights=PLAIN
    )
    assert [scores[1].words, scores[2].words] == [0.5, 1.0]


def test_the_best_of_a_file_lend_to_all_of_it() -> None:
    signals = [
        signal(1, file=7, coverage=0.5),
        signal(2, file=8, coverage=0.4),
        signal(3, file=8, coverage=0.4),
    ]
    assert order(*signals) == [1, 2, 3]
    assert order(*signals, weights=replace(PLAIN, file=2.0)) == [2, 3, 1]


def test_what_a_name_gives_is_not_lent() -> None:
    scores = scoring.ranked_scores(
        [signal(1, file=7, named=True), signal(2, file=7)], weights=replace(PLAIN, file=1.0)
    )
    assert scores[2].file == 0


def test_each_better_result_of_the_same_file_costs() -> None:
    many = [signal(text, file=7, coverage=0.9 - text / 100) for text in range(6)]
    other = signal(9, coverage=0.65)
    weights = replace(PLAIN, repeated=0.1)
    assert order(*many, other, weights=weights) == [0, 1, 2, 9, 3, 4, 5]
    scores = scoring.ranked_scores(many, weights=weights)
    taken = [round(-scores[text].repeated, 2) for text in range(6)]
    assert taken == [0, 0.1, 0.2, 0.3, 0.4, 0.4]


def test_nothing_taken_is_zero_without_a_sign() -> None:
    score = scoring.ranked_scores([signal(1)], weights=Weights())[1]
    assert [str(score.repeated), str(score.rule)] == ["0.0", "0.0"]


def test_a_name_outweighs_all_else() -> None:
    named = signal(1, named=True, cosine=-1.0, lowered="test", length=10_000)
    better = [
        signal(text, coverage=1, path_coverage=1, cosine=1 - text / 100) for text in range(2, 8)
    ]
    assert order(named, *better, weights=Weights())[0] == 1


def test_what_fills_a_long_list_comes_last_and_changes_nothing_before() -> None:
    near = [signal(1, coverage=0.2, cosine=0.3), signal(2, coverage=0.1, cosine=0.1)]
    far = [signal(3, file=2, coverage=1.0, cosine=0.9, beyond_depth=True)]
    weights = replace(PLAIN, file=1.0)
    few, many = (scoring.ranked_scores(some, weights=weights) for some in (near, near + far))
    assert list(many) == [1, 2, 3]
    assert [many[text] for text in (1, 2)] == [few[text] for text in (1, 2)]


class TestTuning:
    """Two questions about files, which paths answer and texts do not."""

    @pytest.fixture
    def cases(self) -> list[Case]:
        misleading = signal(1, coverage=0.5)
        return [
            Case(Question("a", [("2.py", 1, 9)], ""), [misleading, signal(2, path_coverage=0.4)]),
            Case(Question("b", [("3.py", 1, 9)], ""), [misleading, signal(3, path_coverage=0.3)]),
        ]

    def test_weights_are_found_that_answer_better(self, cases: list[Case]) -> None:
        start = replace(PLAIN, path=0.0)
        tuned = tuning.tuned_weights([cases], start)
        assert tuning.quality(cases, start).mean < 0.7
        assert tuning.quality(cases, tuned) == Quality(definitions=1.0, files=1.0)

    def test_a_part_that_is_left_out_is_missed(self, cases: list[Case]) -> None:
        qualities = tuning.ablations(cases, replace(PLAIN, path=2.0))
        assert qualities["all"].mean == 1
        assert qualities["without paths"].mean < 0.7
        assert qualities["without vectors"] == qualities["all"]

    def test_definitions_of_a_file_are_one_result_where_files_are(self) -> None:
        signals = [
            signal(1, file=7, coverage=0.9),
            signal(2, file=7, coverage=0.8),
            signal(3, coverage=0.7),
        ]
        case = Case(Question("a", [("3.py", 1, 9)], ""), signals)
        measured = tuning.quality([case], PLAIN)
        assert (measured.definitions, measured.files) == (
            pytest.approx(0.5),
            pytest.approx(0.6309, abs=1e-4),
        )

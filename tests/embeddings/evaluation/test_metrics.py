"""The figures, on cases small enough to count by hand."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from embeddings.evaluation import metrics, questions

CANDIDATES = np.eye(4, dtype=np.float32)


def test_a_rank_counts_the_candidates_that_score_as_high() -> None:
    queries = np.array([[1, 0, 0, 0], [0.5, 1, 0, 0.2], [1, 1, 1, 1]], np.float32)
    assert metrics.ranks(queries, CANDIDATES, [0, 0, 2]).tolist() == [1, 2, 4]


def test_mrr_and_ndcg_are_means_with_an_interval_around_them() -> None:
    ranks = np.array([1, 2, 20])
    mrr = metrics.mrr(ranks)
    assert mrr.value == pytest.approx((1 + 1 / 2 + 1 / 20) / 3)
    assert mrr.low <= mrr.value <= mrr.high
    ndcg = metrics.ndcg(ranks)
    assert ndcg.value == pytest.approx((1 + 1 / np.log2(3) + 0) / 3)


def test_a_target_counts_once_at_its_best_rank() -> None:
    results = [("a", 1, 9), ("b", 1, 9), ("b", 20, 30), ("c", 1, 5)]
    whole = metrics.LAST_LINE
    assert metrics.target_ndcg(results, [("a", 9, 12)]) == 1
    assert metrics.target_ndcg(results, [("a", 10, 12)]) == 0
    both = (1 / np.log2(3) + 1 / np.log2(5)) / (1 + 1 / np.log2(3))
    targets = [("b", 1, whole), ("c", 1, whole)]
    assert metrics.target_ndcg(results, targets) == pytest.approx(both)


def test_distractors_come_in_whole_groups() -> None:
    rows = np.random.default_rng(0).normal(size=(25, 4)).astype(np.float32)
    ranks = metrics.ranks_among(rows, rows, distractors=9, seed=1)
    assert len(ranks) == 20
    assert ranks.max() <= 10


def test_fewer_functions_than_distractors_are_one_group() -> None:
    rows = np.eye(3, dtype=np.float32)
    assert metrics.ranks_among(rows, rows, distractors=999, seed=0).tolist() == [1, 1, 1]


def test_names_are_compared_by_subtokens_whatever_their_style() -> None:
    scores = metrics.name_scores(["readFile", "sort", "x"], ["read_file", "sort_list", "y"])
    assert scores.precision.value == pytest.approx(3 / 4)
    assert scores.recall.value == pytest.approx(3 / 5)
    assert scores.f1.value == pytest.approx(2 * 3 / 9)
    assert scores.exact.value == 0


def test_nothing_measured_is_no_number() -> None:
    assert np.isnan(metrics.mrr(np.zeros(0, np.int64)).value)


@pytest.mark.parametrize(("root", "folder"), [("", ""), (".", ""), ("/", ""), ("./src/", "src")])
def test_questions_are_about_a_folder_or_the_whole_of_a_repository(
    root: str, folder: str, tmp_path: Path
) -> None:
    question = {"query": "read a file", "relevant": ["files.py"], "secondary": []}
    file = tmp_path / "questions.json"
    file.write_text(json.dumps({"shop": {"root": root, "queries": [question]}}))
    (repository,) = questions.read(file).repositories
    assert repository.root == folder


def test_figures_over_the_same_items_are_compared_item_by_item() -> None:
    random = np.random.default_rng(0)
    hard = random.integers(1, 50, size=500)
    worse = metrics.mrr(hard)
    better = metrics.mrr(np.maximum(1, hard - 1))
    gain = better.minus(worse)
    assert gain.value == pytest.approx(better.value - worse.value)
    assert 0 < gain.low < gain.value < gain.high
    assert gain.high - gain.low < (better.high - better.low)
    with pytest.raises(ValueError, match="just measured"):
        better.minus(metrics.Figure(0.5, 0.4, 0.6))

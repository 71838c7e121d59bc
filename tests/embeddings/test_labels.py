"""Names are scored by their subtokens, predicted with probabilities, and learnt."""

from __future__ import annotations

import pytest
import torch

from embeddings.labels import Labels
from embeddings.training.objectives import label_loss
from embeddings.vocabulary import Vocabulary

NAMES = Vocabulary(["read_file", "write_file", "sort", "__"])


@pytest.fixture
def labels() -> Labels:
    torch.manual_seed(0)
    return Labels(NAMES, 8)


def test_predictions_are_probabilities_in_order(labels: Labels) -> None:
    (likely,) = labels.predict(torch.randn(1, 8), k=3)
    chances = [chance for _, chance in likely]
    assert len(likely) == 3
    assert chances == sorted(chances, reverse=True)
    assert 0 < sum(chances) <= 1


def test_no_more_names_are_predicted_than_there_are(labels: Labels) -> None:
    (likely,) = labels.predict(torch.zeros(1, 8), k=50)
    assert {name for name, _ in likely} == set(NAMES.words)
    assert sum(chance for _, chance in likely) == pytest.approx(1)


def test_names_with_a_common_subtoken_are_scored_alike(labels: Labels) -> None:
    with torch.no_grad():
        labels.parts.weight.zero_()
        row = sorted({"read", "file", "write", "sort"}).index("file")
        labels.parts.weight[row] = 1
    read, write, sort, _ = labels(torch.ones(1, 8))[0].tolist()
    assert read == write > sort


def test_the_cross_entropy_teaches_a_name(labels: Labels) -> None:
    vectors, target = torch.randn(1, 8), torch.tensor([NAMES["sort"]])
    optimiser = torch.optim.Adam(labels.parameters(), lr=0.1)
    for _ in range(30):
        optimiser.zero_grad()
        label_loss(labels(vectors), target).backward()
        optimiser.step()
    assert labels.predict(vectors, k=1)[0][0][0] == "sort"


def test_unknown_labels_teach_nothing(labels: Labels) -> None:
    loss = label_loss(labels(torch.randn(2, 8)), torch.tensor([0, 0]))
    loss.backward()
    assert loss.item() == 0

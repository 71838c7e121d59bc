"""Names are scored by the subtokens they would get right, and subtokens are learnt."""

from __future__ import annotations

import pytest
import torch

from embeddings.labels import Labels
from embeddings.paths import contexts
from embeddings.training.objectives import name_loss
from embeddings.vocabulary import Lexicon, Ragged, Vocabulary

NAMES = Vocabulary(["read_file", "write_file", "sort", "__", "readFile"])
WORDS = Vocabulary(["other", "file", "sort"])
NOTHING = Ragged.of([[]])


@pytest.fixture
def labels() -> Labels:
    torch.manual_seed(0)
    return Labels(NAMES, 8, WORDS)


def test_predictions_are_expected_scores_in_order(labels: Labels) -> None:
    (likely,) = labels.predict(torch.randn(1, 8), NOTHING, k=3)
    scores = [score for _, score in likely]
    assert len(likely) == 3
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)


def test_no_more_names_are_predicted_than_there_are(labels: Labels) -> None:
    (likely,) = labels.predict(torch.zeros(1, 8), NOTHING, k=50)
    assert {name for name, _ in likely} == {*NAMES.words} - {"readFile"}


def test_the_best_name_has_what_is_likely_and_no_more(labels: Labels) -> None:
    with torch.no_grad():
        labels.parts.weight.zero_()
        labels.parts.bias.fill_(-9)
        labels.parts.bias[labels.parts_of("read_file")] = 9
    (likely,) = labels.predict(torch.zeros(1, 8), NOTHING, k=2)
    assert [name for name, _ in likely] == ["read_file", "write_file"]
    assert [score for _, score in likely] == pytest.approx([1, 0.5], abs=0.01)


def test_a_subtoken_that_the_code_speaks_of_is_likelier(labels: Labels) -> None:
    silent, speaking = (
        labels(torch.zeros(1, 8), Ragged.of([parts]))[0] for parts in ([], labels.parts_of("sort"))
    )
    changed = (speaking > silent).nonzero().flatten().tolist()
    assert changed == labels.parts_of("sort")


def test_what_definitions_speak_of_is_known_by_row(labels: Labels) -> None:
    sources = ["def f(sort):\n    return open(myFile, sort)\n", "def f(x):\n    return x + 1\n"]
    paths = Vocabulary([])
    batch = Lexicon(WORDS, paths, NAMES).batch([contexts(source) for source in sources])
    spoken = labels.spoken(batch)
    first, second = (spoken.take(torch.tensor([row]).numpy()).values.tolist() for row in (0, 1))
    assert first == sorted(labels.parts_of("file_sort"))
    assert second == []


def test_the_cross_entropy_teaches_a_name(labels: Labels) -> None:
    vectors, parts = torch.randn(1, 8), Ragged.of([labels.parts_of("sort")])
    optimiser = torch.optim.Adam(labels.parameters(), lr=0.1)
    for _ in range(30):
        optimiser.zero_grad()
        name_loss(labels(vectors, NOTHING), labels.targets(parts)).backward()
        optimiser.step()
    assert labels.predict(vectors, NOTHING, k=1)[0][0][0] == "sort"


def test_names_of_unknown_subtokens_are_finite(labels: Labels) -> None:
    loss = name_loss(labels(torch.randn(1, 8), NOTHING), labels.targets(NOTHING))
    assert torch.isfinite(loss)

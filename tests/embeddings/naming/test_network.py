"""Names are scored by the subtokens they would get right, and subtokens are learnt."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from embeddings.naming.composition import Cooccurrence
from embeddings.naming.mentions import Place
from embeddings.naming.network import Labels, LabelSource
from embeddings.networks.vocabulary import Lexicon, Mentions, Ragged, Vocabulary, subtokens
from embeddings.training.stages.objectives import name_loss

NAMES = Vocabulary(["read_file", "write_file", "sort", "__", "readFile"])
WORDS = Vocabulary(["other", "file", "sort"])
NOTHING = Vocabulary([])


@pytest.fixture
def labels() -> Labels:
    torch.manual_seed(0)
    return Labels(NAMES, 8)


@pytest.fixture
def reading() -> Labels:
    torch.manual_seed(0)
    return Labels(NAMES, 8, WORDS).eval()


def mentions(*definitions: dict[str, int]) -> Mentions:
    return Lexicon(NOTHING, NOTHING, NAMES, WORDS).mentions(definitions)


def test_predictions_come_with_expected_scores(labels: Labels) -> None:
    (likely,) = labels.predict(torch.randn(1, 8), None, k=3)
    assert len(likely) == 3
    assert all(0 <= score <= 1 for _, score in likely)


def test_a_subtoken_is_added_where_it_is_worth_it(labels: Labels) -> None:
    _expect(labels, "read")
    for chance, best in ((0.2, "read_file"), (0.05, "read")):
        with torch.no_grad():
            labels.parts.bias[labels.parts_of("file")] = math.log(chance / (1 - chance))
        ((first, *_),) = labels.predict(torch.zeros(1, 8), None, k=1)
        assert first[0] == best


def test_no_name_is_the_best_one_with_more_words(labels: Labels) -> None:
    _expect(labels, "sort_file")
    ((best, *others),) = labels.predict(torch.zeros(1, 8), None, k=50)
    assert best[0] == "sort_file"
    assert not [name for name, _ in others if {"sort", "file"} < set(subtokens(name))]


def test_a_set_of_subtokens_is_predicted_once(labels: Labels) -> None:
    (likely,) = labels.predict(torch.zeros(1, 8), None, k=50)
    sets = [frozenset(labels.parts_of(name)) for name, _ in likely]
    assert len(sets) == len(set(sets))
    assert {name for name, _ in likely} >= {"read_file", "write_file", "sort"}
    assert "readFile" not in {name for name, _ in likely}


def test_the_best_name_has_what_is_likely_and_no_more(labels: Labels) -> None:
    _expect(labels, "read_file")
    (likely,) = labels.predict(torch.zeros(1, 8), None, k=1)
    assert likely == [("read_file", pytest.approx(1, abs=0.01))]


def test_a_name_that_nobody_has_used_is_composed_in_the_usual_order(labels: Labels) -> None:
    _expect(labels, "sort_file")
    ((best, *_),) = labels.predict(torch.zeros(1, 8), None, k=1)
    assert best[0] == "sort_file"


def test_subtokens_that_names_do_not_put_together_are_not_composed() -> None:
    verbs, things = ("get", "read", "load"), [f"thing{number}" for number in range(30)]
    cooccurrence = Cooccurrence([(verb, thing) for verb in verbs for thing in things])
    chances = {"get": 0.5, "read": 0.45, "load": 0.4, "thing7": 0.35}
    assert [part for part, _ in cooccurrence.most_probable(chances, 2)] == ["get", "thing7"]
    assert cooccurrence.name(["thing7", "get"]) == "get_thing7"


def test_a_mentioned_subtoken_counts_where_it_is_mentioned(reading: Labels) -> None:
    """And nowhere else, once words are read alike wherever they stand."""
    assert reading.reader is not None
    with torch.no_grad():
        reading.reader.places.weight.zero_()
        reading.reader.copied[reading.parts_of("sort")] = 3.0
    mentioned = mentions({"sort": Place.PARAMETER, "other": Place.OTHER}, {})
    speaking, silent = reading(torch.zeros(2, 8), mentioned.rows).parts
    (changed,) = (speaking != silent).nonzero(as_tuple=True)
    assert changed.tolist() == reading.parts_of("sort")
    assert speaking[changed] > silent[changed]


def test_nothing_mentioned_is_no_error(reading: Labels) -> None:
    assert torch.isfinite(reading(torch.zeros(2, 8), mentions({}, {}).rows).parts).all()
    assert len(reading.predict(torch.zeros(2, 8), None, k=1)) == 2


def test_the_cross_entropy_teaches_a_name(labels: Labels) -> None:
    vectors, parts = torch.randn(1, 8), Ragged.from_rows([labels.parts_of("sort")])
    optimiser = torch.optim.Adam(labels.parameters(), lr=0.1)
    for _ in range(30):
        optimiser.zero_grad()
        name_loss(labels(vectors).parts, labels.targets(parts)).backward()
        optimiser.step()
    assert labels.predict(vectors, None, k=1)[0][0][0] == "sort"


def test_to_copy_from_parameters_and_not_from_strings_is_learnt(reading: Labels) -> None:
    """Of two mentioned words the one that is a parameter is in the name, whichever it is."""
    mentioned = mentions(
        {"file": Place.PARAMETER, "sort": Place.STRING},
        {"sort": Place.PARAMETER, "file": Place.STRING},
    )
    parts = Ragged.from_rows([reading.parts_of("file"), reading.parts_of("sort")])
    optimiser = torch.optim.Adam(reading.parameters(), lr=0.05)
    for _ in range(100):
        optimiser.zero_grad()
        scores = reading(torch.zeros(2, 8), mentioned.rows)
        name_loss(scores.parts, reading.targets(parts)).backward()
        optimiser.step()
    first, second = reading.predict(torch.zeros(2, 8), mentioned, k=1)
    assert (first[0][0], second[0][0]) == ("file", "sort")


def test_a_word_that_no_known_name_has_is_copied_where_it_is_wanted(reading: Labels) -> None:
    mentioned = mentions({"quux": Place.PARAMETER, "other": Place.PARAMETER, "spam": Place.STRING})
    optimiser = torch.optim.Adam(reading.parameters(), lr=0.05)
    for _ in range(100):
        optimiser.zero_grad()
        unknown = reading(torch.zeros(1, 8), mentioned.rows).out_of_vocabulary
        name_loss(unknown, torch.tensor([1.0, 1.0, 0.0])).backward()
        optimiser.step()
    unseen = mentions({"knots": Place.PARAMETER, "splice": Place.STRING})
    ((best, *_),) = reading.predict(torch.zeros(1, 8), unseen, k=1)
    assert best[0] == "knots"


def test_names_of_unknown_subtokens_are_finite(labels: Labels) -> None:
    nothing = Ragged.from_rows([[]])
    loss = name_loss(labels(torch.randn(1, 8)).parts, labels.targets(nothing))
    assert torch.isfinite(loss)


def _expect(labels: Labels, name: str) -> None:
    with torch.no_grad():
        labels.parts.weight.zero_()
        labels.parts.bias.fill_(-9)
        labels.parts.bias[labels.parts_of(name)] = 9


def test_names_are_predicted_from_either_half_or_from_both_in_one_size() -> None:
    text, code = np.full((2, 16), 0.25, np.float32), np.ones((2, 3), np.float32)
    assert LabelSource.CODE.joined(None, code).tolist() == code.tolist()
    assert LabelSource.WORDS.joined(None, code).tolist() == code.tolist()
    assert LabelSource.TEXT.joined(text, code).tolist() == np.ones((2, 16)).tolist()
    assert LabelSource.FUSED.joined(text, code).tolist() == np.ones((2, 19)).tolist()

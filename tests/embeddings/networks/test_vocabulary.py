"""Tokens become subtokens, and definitions of any number of path-contexts become batches."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from embeddings.networks.vocabulary import (
    MAX_SUBTOKENS,
    UNKNOWN,
    Lexicon,
    Ragged,
    Vocabulary,
    path_key,
    subtokens,
)
from embeddings.paths import contexts

READ = "def read(path):\n    with open(path) as file:\n        return file.read()\n"
ADD = "def add(a, b):\n    return a + b\n"


@pytest.fixture
def lexicon() -> Lexicon:
    examples = [*contexts(READ), *contexts(ADD)]
    parts = Counter(part for example in examples for part in subtokens(example.start.token))
    paths = Counter(map(path_key, examples))
    return Lexicon(
        Vocabulary.from_counts(parts, 100, 1),
        Vocabulary.from_counts(paths, 100, 1),
        Vocabulary(["read"]),
    )


@pytest.mark.parametrize(
    ("token", "parts"),
    [
        ("readCSVFile", ("read", "csv", "file")),
        ("read_csv_file", ("read", "csv", "file")),
        ("HTTPServer2", ("http", "server", "2")),
        ("__init__", ("init",)),
        ("größe_über", ("gr", "öß", "e", "ü", "ber")),
        ("a string of words", ("a", "string", "of", "words")),
        ("", ()),
    ],
)
def test_a_token_is_read_as_its_subtokens(token: str, parts: tuple[str, ...]) -> None:
    assert subtokens(token) == parts


def test_a_long_token_has_a_bounded_number_of_subtokens() -> None:
    assert len(subtokens("_".join(["word"] * 100))) == MAX_SUBTOKENS


def test_a_vocabulary_keeps_the_frequent_words_and_knows_no_other(tmp_path: Path) -> None:
    vocabulary = Vocabulary.from_counts(Counter(a=3, b=2, c=2, d=1), size=3, least=2)
    assert vocabulary.words == ("a", "b", "c")
    assert vocabulary["d"] == UNKNOWN
    assert len(vocabulary) == 4
    vocabulary.save(tmp_path / "words.txt.gz")
    assert Vocabulary.load(tmp_path / "words.txt.gz").words == vocabulary.words


def test_an_empty_vocabulary_survives_the_disk(tmp_path: Path) -> None:
    Vocabulary(()).save(tmp_path / "none.txt.gz")
    assert Vocabulary.load(tmp_path / "none.txt.gz").words == ()


def test_paths_differ_by_where_they_turn() -> None:
    up, down = contexts(ADD)[0], contexts(ADD)[-1]
    assert path_key(up) != path_key(down)
    assert f"[{up.path[up.top]}]" in path_key(up)


def test_ragged_rows_are_taken_in_the_order_asked_for() -> None:
    rows = Ragged.from_rows([[1], [], [2, 3], [4, 5, 6]])
    taken = rows.take(np.array([3, 1, 0]))
    assert taken.values.tolist() == [4, 5, 6, 1]
    assert taken.lengths().tolist() == [3, 0, 1]


def test_a_batch_holds_each_definitions_contexts_in_order(lexicon: Lexicon) -> None:
    definitions = [contexts(READ), [], contexts(ADD)]
    batch = lexicon.batch(definitions)
    assert batch.mask.sum(1).tolist() == [len(definition) for definition in definitions]
    paths = batch.paths[batch.middles].tolist()
    assert paths == [
        lexicon.paths[path_key(context)] for definition in definitions for context in definition
    ]
    assert batch.starts.max() < len(batch.offsets)


def test_a_batch_without_any_context_has_a_shape_still(lexicon: Lexicon) -> None:
    batch = lexicon.batch([[], []])
    assert batch.mask.shape == (2, 1)
    assert not batch.mask.any()

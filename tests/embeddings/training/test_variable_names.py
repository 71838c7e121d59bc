"""The command that trains names of variables: from a checkpoint and a corpus to a network beside
it."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from embeddings import checkpoints, variable_namer
from embeddings.naming.variable_network import ANNOTATED, VariableNetwork, around
from embeddings.naming.variables import variables
from embeddings.training.__main__ import main
from embeddings.training.corpus import corpora
from embeddings.training.data.variables import CorpusVariables
from embeddings.training.stages.loop import CURVES
from tests.embeddings import tiny


@pytest.fixture
def teacher(tmp_path: Path) -> Path:
    return tiny.checkpoint(tmp_path / "teacher", tiny.bert(tmp_path / "bert"))


def train(corpus: Path, teacher: Path, *options: str) -> VariableNetwork:
    where = ["--corpus", str(corpus), "--checkpoint", str(teacher)]
    out = str(teacher / variable_namer.FOLDER)
    assert main(["variables", *where, "--out", out, "--epochs", "4", *options]) == 0
    namer = variable_namer.load(checkpoints.load(teacher))
    assert namer is not None
    return namer.network


def test_names_are_learnt_from_what_variables_do(corpus: Path, teacher: Path) -> None:
    assert variable_namer.load(checkpoints.load(teacher)) is None
    network = train(corpus, teacher)
    with (teacher / variable_namer.FOLDER / CURVES).open(newline="") as file:
        losses = [float(row["value"]) for row in csv.DictReader(file) if row["figure"] == "labels"]
    assert losses[-1] < losses[0]
    found = network.names(variables(tiny.SOURCES[0]), k=3)
    assert [len(names) for names in found] == [3, 3]
    for names in found:
        scores = [score for _, score in names]
        assert all(0 <= score <= 1 for score in scores)


def test_a_name_is_predicted_without_being_seen(corpus: Path, teacher: Path) -> None:
    network = train(corpus, teacher)
    named, other = (
        variables(f"def f(data):\n    for {name} in data:\n        print({name})\n")[1]
        for name in ("row", "x")
    )
    assert named.role == other.role == "loop"
    assert network.names([named], k=5) == network.names([other], k=5)


def test_the_words_around_a_variable_are_those_at_the_ends_of_its_paths() -> None:
    first, _ = variables("def f(first: UserName, second):\n    return first.load_all(second)\n")
    words = around(first)
    assert words.keys() >= {"load", "all", "second", "user", "name"}
    assert words["user"] & ANNOTATED
    assert not words["load"] & ANNOTATED
    assert "first" not in words


def test_variables_are_read_once(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    functions = corpora.read(corpus)
    first = CorpusVariables.read(functions, corpus)
    assert first.names == [
        variable.name
        for function in functions
        for variable in variables(function.code, function.language)
    ]
    assert len(first.names) == len(first.roles) == len(first.owners) == len(first.mentions.rows)
    monkeypatch.setattr("embeddings.training.data.variables.variables", None)
    second = CorpusVariables.read(functions, corpus)
    np.testing.assert_array_equal(first.contexts.triples.values, second.contexts.triples.values)
    assert (first.names, first.owners.tolist()) == (second.names, second.owners.tolist())

"""The command that trains a language model to name definitions: from a checkpoint and a corpus to a
checkpoint that names better, and has the same vectors."""

from __future__ import annotations

import csv
import json
import shutil
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from embeddings import checkpoints, load_encoder, namer
from embeddings.naming.network import LabelSource
from embeddings.training.__main__ import main
from embeddings.training.corpus import corpora
from embeddings.training.stages.loop import CURVES
from tests.embeddings import tiny


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return tiny.bert(tmp_path / "bert")


@pytest.fixture
def teacher(model: Path, tmp_path: Path) -> Path:
    return tiny.checkpoint(tmp_path / "teacher", model, labels=LabelSource.FUSED)


def train(corpus: Path, teacher: Path, model: Path, *options: str) -> int:
    where = ["--corpus", str(corpus), "--checkpoint", str(teacher), "--llm", str(model)]
    plan = ["--layers", "1", "--epochs", "4", "--rate", "0.01"]
    return main(["names", *where, "--out", str(teacher / namer.FOLDER), *plan, *options])


def losses(folder: Path) -> list[float]:
    """The mean loss of each epoch."""
    with (folder / CURVES).open(newline="") as file:
        return [float(row["value"]) for row in csv.DictReader(file) if row["figure"] == "labels"]


def test_names_are_learnt_and_vectors_stay_as_they_are(
    corpus: Path, teacher: Path, model: Path, tmp_path: Path
) -> None:
    shutil.copytree(teacher, tmp_path / "before")
    before = load_encoder(tmp_path / "before")
    assert train(corpus, teacher, model) == 0
    after = load_encoder(teacher)
    assert after.fingerprint == before.fingerprint
    first, second = before.encode(tiny.SOURCES), after.encode(tiny.SOURCES)
    np.testing.assert_array_equal(first.vectors, second.vectors)
    assert first.names != second.names
    assert after.predict_names(tiny.SOURCES) == second.names
    learnt = losses(teacher / namer.FOLDER)
    assert learnt[-1] < learnt[0]
    assert not list((teacher / namer.FOLDER).glob("*.pt"))


def test_code_vectors_count_only_as_far_as_the_validation_split_shows(
    corpus: Path, teacher: Path, model: Path
) -> None:
    assert train(corpus, teacher, model) == 0
    with (teacher / namer.FOLDER / CURVES).open(newline="") as file:
        stages = [row["stage"] for row in csv.DictReader(file)]
    assert list(dict.fromkeys(stages))[:2] == ["tuned names", "names by code"]
    settings = checkpoints.load(teacher).settings
    labels = load_file(teacher / namer.FOLDER / namer.WEIGHTS)
    weight = labels["reader.vector.weight"]
    before = checkpoints.load(teacher).network.labels.state_dict()["reader.vector.weight"]
    text, code = weight.split([settings.text_width, settings.code.code], dim=1)
    assert text.any()
    assert not torch.equal(code.float(), before[:, settings.text_width :])


def test_classes_are_learnt_beside_functions(corpus: Path, teacher: Path, model: Path) -> None:
    assert train(corpus, teacher, model, "--epochs", "1") == 0
    without = load_file(teacher / namer.FOLDER / namer.WEIGHTS)["parts.weight"]
    (function, *_) = corpora.read(corpus, split="train")
    code = 'class Recorder(Base):\n    """Records."""\n\n    def record(self, row, at): ...'
    recorder = replace(function, name="Recorder", code=code, is_class=True)
    (corpus / corpora.CLASSES).write_text(json.dumps(asdict(recorder)) + "\n")
    shutil.rmtree(teacher / namer.FOLDER)
    assert train(corpus, teacher, model, "--epochs", "1") == 0
    beside = load_file(teacher / namer.FOLDER / namer.WEIGHTS)["parts.weight"]
    assert not torch.equal(beside, without)


def test_a_namer_is_trained_further(corpus: Path, teacher: Path, model: Path) -> None:
    assert train(corpus, teacher, model) == 0
    further = ["--out", str(teacher / "further"), "--epochs", "1", "--rate", "0.001"]
    assert train(corpus, teacher, teacher / namer.FOLDER, *further) == 0
    first, second = (losses(teacher / folder) for folder in (namer.FOLDER, "further"))
    assert second[0] < first[1]
    assert "tuned names, 50% of the new weights" in (teacher / "further" / CURVES).read_text()
    layers, more = (
        load_file(teacher / folder / "tuned.safetensors") for folder in (namer.FOLDER, "further")
    )
    assert layers.keys() == more.keys()
    assert any(not torch.equal(layers[name], more[name]) for name in layers)


def test_only_the_last_layers_are_stored(corpus: Path, teacher: Path, model: Path) -> None:
    assert train(corpus, teacher, model) == 0
    stored = (teacher / namer.FOLDER / "tuned.safetensors").stat().st_size
    whole = (model / "model.safetensors").stat().st_size
    assert stored < whole / 4


def test_a_checkpoint_whose_names_do_not_read_the_text_is_refused(
    corpus: Path, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    teacher = tiny.checkpoint(tmp_path / "code alone", model)
    assert train(corpus, teacher, model) == 1
    assert "predicts names from code" in capsys.readouterr().err

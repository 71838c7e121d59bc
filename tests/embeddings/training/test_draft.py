"""The command that trains drafts: from a checkpoint and a corpus to a checkpoint whose drafts are
found by its queries, and its going on after a kill."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import load_file

from embeddings import checkpoints, drafts, load_encoder
from embeddings.naming.network import LabelSource
from embeddings.training.__main__ import main
from embeddings.training.corpus import corpora
from embeddings.training.measures import Record
from embeddings.training.stages.draft import code2vec_reads
from embeddings.training.stages.loop import Run
from tests.embeddings import tiny


def train(corpus: Path, checkpoint: Path, out: Path, *options: str) -> None:
    where = ["--corpus", str(corpus), "--checkpoint", str(checkpoint), "--out", str(out)]
    assert main(["draft", *where, "--taught", "8", "--epochs", "2", *options]) == 0


@pytest.fixture
def teacher(tmp_path: Path) -> Path:
    return tiny.checkpoint(tmp_path / "teacher", tiny.bert(tmp_path / "bert"))


def test_drafts_learn_to_lie_where_the_teachers_vectors_lie(
    corpus: Path, teacher: Path, tmp_path: Path
) -> None:
    def nearness(epochs: int) -> float:
        train(corpus, teacher, tmp_path / str(epochs), "--epochs", str(epochs))
        encoder = load_encoder(tmp_path / str(epochs))
        assert encoder.fingerprint == load_encoder(teacher).fingerprint
        drafts, fused = encoder.draft(codes).vectors, encoder.encode_definitions(codes)
        return float((drafts * fused).sum(1).mean())

    codes = [function.code for function in corpora.read(corpus, split="train") if function.query]
    before, after = nearness(1), nearness(20)
    assert after > 0.9
    assert 1 - after < (1 - before) / 2


@pytest.mark.parametrize("labels", LabelSource)
def test_drafts_have_names_from_whatever_source(
    labels: LabelSource, corpus: Path, tmp_path: Path
) -> None:
    teacher = tiny.checkpoint(tmp_path / "teacher", tiny.bert(tmp_path / "bert"), labels=labels)
    train(corpus, teacher, tmp_path / "out")
    assert all(load_encoder(tmp_path / "out").draft(tiny.SOURCES).names)


def test_a_run_that_was_killed_goes_on_to_the_same_end(
    corpus: Path, teacher: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(corpus, teacher, tmp_path / "undisturbed")
    saving = Run._save

    def killed(self: Run, *state: object) -> None:
        saving(self, *state)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    monkeypatch.setattr(Run, "_save", killed)
    with pytest.raises(KeyboardInterrupt):
        train(corpus, teacher, tmp_path / "resumed")
    monkeypatch.setattr(Run, "_save", saving)
    train(corpus, teacher, tmp_path / "resumed", "--resume")
    first, second = (
        load_file(tmp_path / name / drafts.WEIGHTS) for name in ("undisturbed", "resumed")
    )
    for name, tensor in first.items():
        np.testing.assert_allclose(tensor.float(), second[name].float(), atol=2e-3, err_msg=name)


def test_functions_in_languages_that_code2vec_does_not_know_teach_their_words(
    corpus: Path, teacher: Path, tmp_path: Path
) -> None:
    code = "func feed(quokka Quokka) {\n\tquokka.eat(quokka.leaves)\n\tquokka.rest()\n}"
    bare = {"package": "zoo", "split": "train", "name": "feed", "bare": code, "language": "go"}
    function = {**bare, "code": f"// feed a quokka\n{code}", "query": "feed a quokka with leaves"}
    with (corpus / "functions.jsonl").open("a") as file:
        file.write(json.dumps(function) + "\n")
    train(corpus, teacher, tmp_path / "out")
    assert "quokka" in drafts.load(tmp_path / "out").lexicon.words.words
    drafted = load_encoder(tmp_path / "out").draft([code], "go")
    np.testing.assert_allclose(np.linalg.norm(drafted.vectors), 1, atol=1e-5)


def test_without_path_contexts_drafts_are_made_of_the_text_alone(
    corpus: Path, teacher: Path, tmp_path: Path
) -> None:
    train(corpus, teacher, tmp_path / "out", "--contexts", "0")
    encoder = load_encoder(tmp_path / "out")
    encoded = encoder.draft(tiny.SOURCES)
    assert encoded.names == [[], [], []]
    assert encoder.draft(tiny.SOURCES, "markdown").vectors.shape == (3, 32)


def test_drafts_are_measured_beside_the_vectors_that_replace_them(
    corpus: Path, teacher: Path, tmp_path: Path
) -> None:
    train(corpus, teacher, tmp_path / "out")
    record = tmp_path / "record.json"
    where = ["--corpus", str(corpus), "--checkpoint", str(tmp_path / "out")]
    assert main(["evaluate", *where, "--record", str(record)]) == 0
    figures, rate = Record.load(record).figures, Record.load(record).draft_rate
    refined = {column for column in figures if not column.startswith("drafts, ")}
    assert {f"drafts, {column}" for column in refined} == figures.keys() - refined
    assert rate > 0


def test_functions_on_which_code2vec_was_trained_have_no_code_vector(
    corpus: Path, teacher: Path
) -> None:
    functions = corpora.read(corpus)
    loaded = checkpoints.load(teacher)

    def have_one(seen: float) -> list[bool]:
        return code2vec_reads(functions, loaded.settings.languages, seen)[1].tolist()

    held_out = [function.split != "train" for function in functions]
    assert all(have_one(0.0))
    assert have_one(1.0) == held_out
    half = have_one(0.5)
    assert sum(held_out) < sum(half) < len(half)
    assert all(half[len(half) // 2 + 5 :]), "corpora are in the order of the hashes"

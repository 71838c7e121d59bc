"""The training command from a folder of packages to a checkpoint that encodes, and its going on
after a kill."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from embeddings import load_encoder
from embeddings.training.__main__ import main
from embeddings.training.loop import Run
from embeddings.training.vectors import VectorCache
from embeddings.types import Matrix
from tests.embeddings import tiny, tiny_packages


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    tiny_packages.site(tmp_path / "site")
    out = tmp_path / "corpus"
    assert main(["corpus", "--packages", str(tmp_path / "site"), "--out", str(out)]) == 0
    return out


def train(corpus: Path, model: Path, out: Path, *options: str) -> None:
    chosen = ["--epochs", "2", "--fusion-epochs", "2", "--max-tokens", "32", *options]
    where = ["--corpus", str(corpus), "--llm", str(model), "--out", str(out)]
    assert main(["train", *where, *chosen]) == 0


def test_training_ends_with_a_checkpoint_that_encodes(corpus: Path, tmp_path: Path) -> None:
    model = tiny.bert(tmp_path / "bert")
    train(corpus, model, tmp_path / "checkpoint", "--query", "nbow", "--labels", "fused")
    encoder = load_encoder(tmp_path / "checkpoint")
    assert encoder.encode(tiny.SOURCES).vectors.shape == (3, encoder.dimensions)
    assert not list((tmp_path / "checkpoint").glob("*.pt"))
    curves = (tmp_path / "checkpoint" / "curves.csv").read_text()
    assert "code2vec,2,validation label f1" in curves
    assert "fusion,2,search" in curves


def test_a_run_that_was_killed_goes_on_to_the_same_end(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tiny.bert(tmp_path / "bert")
    train(corpus, model, tmp_path / "undisturbed")
    saving, saved = Run._save, []

    def killed(self: Run, *state: object) -> None:
        saving(self, *state)  # type: ignore[arg-type]
        saved.append(state)
        raise KeyboardInterrupt

    monkeypatch.setattr(Run, "_save", killed)
    with pytest.raises(KeyboardInterrupt):
        train(corpus, model, tmp_path / "resumed")
    monkeypatch.setattr(Run, "_save", saving)
    train(corpus, model, tmp_path / "resumed", "--resume")
    assert len(saved) == 1
    first, second = (
        load_file(tmp_path / name / "model.safetensors") for name in ("undisturbed", "resumed")
    )
    for name, tensor in first.items():
        assert torch.allclose(tensor.float(), second[name].float(), atol=1e-3), name


def test_training_makes_it_better(corpus: Path, tmp_path: Path) -> None:
    model = tiny.bert(tmp_path / "bert")
    train(corpus, model, tmp_path / "checkpoint", "--epochs", "12")
    rows = [line.split(",") for line in (tmp_path / "checkpoint/curves.csv").read_text().split()]
    losses = [float(row[3]) for row in rows if row[0] == "code2vec" and row[2] == "labels"]
    assert losses[-1] < losses[0]


def test_the_figures_of_a_checkpoint_are_printed(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    checkpoint = tiny.checkpoint(tmp_path / "checkpoint", tiny.bert(tmp_path / "bert"))
    rows = [{"id": row, "code": source} for row, source in enumerate(tiny.SOURCES)]
    (tmp_path / "cosqa_corpus.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (tmp_path / "cosqa_dev.jsonl").write_text(json.dumps({"query": "sort", "relevant": [1]}))
    where = ["--checkpoint", str(checkpoint), "--corpus", str(corpus), "--cosqa", str(tmp_path)]
    assert main(["evaluate", *where]) == 0
    report = json.loads(capsys.readouterr().out)
    assert {"CoSQA dev MRR", "label subtoken F1"} <= report["checkpoint"].keys()
    assert "CoSQA dev nDCG@10" in report["language model alone"]


def test_vectors_are_computed_once(tmp_path: Path) -> None:
    class Counting:
        dimensions, fingerprint = 2, "counting"

        def __init__(self) -> None:
            self.seen: list[str] = []

        def encode(self, texts: list[str]) -> Matrix:
            self.seen += texts
            return np.array([[len(text), 1] for text in texts], np.float32)

    encoder = Counting()
    VectorCache(encoder, tmp_path).add(["a", "bb", "a"], "texts")
    again = VectorCache(encoder, tmp_path)
    again.add(["bb", "ccc"], "texts")
    assert encoder.seen == ["a", "bb", "ccc"]
    assert again.get(["ccc", "a"]).tolist() == [[3, 1], [1, 1]]

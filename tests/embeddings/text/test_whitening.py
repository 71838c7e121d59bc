"""From a decoder as it was published to a checkpoint: how it is read and what its vectors share are
fitted on a corpus, kept with it, and used by whatever loads it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from embeddings import load_encoder
from embeddings.text.language_model import Pooling, load_model
from embeddings.training.__main__ import main
from tests.embeddings import tiny, tiny_models


def test_a_decoder_is_whitened_and_a_checkpoint_trained_on_it(corpus: Path, tmp_path: Path) -> None:
    model = tiny_models.qwen2(tmp_path / "qwen2")
    out, checkpoint = tmp_path / "whitened", tmp_path / "checkpoint"
    where = ["--corpus", str(corpus), "--max-tokens", "32"]
    reading = ["--pooling", "last", "--layers", "2", "--query-prompt", "find: "]
    arguments = [*where, "--llm", str(model), "--out", str(out), "--components", "8", *reading]
    assert main(["whiten", *arguments]) == 0
    whitened = load_model(str(out))
    assert (whitened.dimensions, whitened.settings.pooling) == (8, Pooling.LAST)
    assert (whitened.settings.layers, whitened.settings.query_prompt) == (2, "find: ")
    short = ["--epochs", "1", "--fusion-epochs", "1", "--name-epochs", "1"]
    assert main(["train", *where, "--llm", str(out), "--out", str(checkpoint), *short]) == 0
    for file in out.iterdir():
        file.unlink()
    encoder = load_encoder(checkpoint)
    assert encoder.encode_queries(["read a file"]).shape == (1, encoder.dimensions)
    assert np.isfinite(encoder.encode_definitions(tiny.SOURCES)).all()


def test_a_model_whose_questions_are_locked_is_not_whitened(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, tuned = tiny.bert(tmp_path / "bert"), tmp_path / "tuned"
    where = ["--corpus", str(corpus), "--max-tokens", "32"]
    assert (
        main(
            ["tune", *where, "--llm", str(model), "--epochs", "1", "--locked", "--out", str(tuned)]
        )
        == 0
    )
    arguments = [*where, "--llm", str(tuned), "--out", str(tmp_path / "whitened")]
    assert main(["whiten", *arguments]) == 1
    assert "Whiten the published model" in capsys.readouterr().err

"""onnxruntime computes what torch does: the same vectors, or with 8 bits nearly the same ones, from
a file that is written once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from embeddings.text.language_model import Runtime, load_model
from tests.embeddings import tiny_models

TEXTS = ["def read(path): return open(path)", "sort", "list(csv)", "def f(x): return x", ""]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "codeindex"


@pytest.mark.parametrize("family", ["bert", "llama", "qwen2"])
def test_vectors_are_those_of_torch(family: str, tmp_path: Path, cache: Path) -> None:
    folder = str(getattr(tiny_models, family)(tmp_path / family))
    model, exact, rounded = (
        load_model(folder, runtime=runtime) for runtime in (None, Runtime.ONNX, Runtime.ONNX_INT8)
    )
    expected = model.encode(TEXTS)
    assert (expected * exact.encode(TEXTS)).sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert (expected * rounded.encode(TEXTS)).sum(axis=1) == pytest.approx(1, abs=5e-2)
    assert len({each.fingerprint for each in (model, exact, rounded)}) == 3
    assert len({each.weights_fingerprint for each in (model, exact, rounded)}) == 1
    assert np.array_equal(expected, model.encode(TEXTS)), "the exported network is left as it was"
    assert len(list(cache.iterdir())) == 2


def test_a_network_is_exported_once_and_anew_for_other_weights(tmp_path: Path, cache: Path) -> None:
    folder = tiny_models.bert(tmp_path / "bert")
    load_model(str(folder), runtime=Runtime.ONNX)
    (written,) = cache.iterdir()
    when = written.stat().st_mtime_ns
    load_model(str(folder), runtime=Runtime.ONNX)
    assert written.stat().st_mtime_ns == when
    model = load_model(str(folder))
    model.network.get_input_embeddings().weight.data.mul_(1.1)
    model.network.save_pretrained(folder)
    load_model(str(folder), runtime=Runtime.ONNX)
    assert len(list(cache.iterdir())) == 2


def test_a_layer_that_eight_bits_would_round_too_coarsely_stays_exact(tmp_path: Path) -> None:
    folder = str(tiny_models.bert(tmp_path / "bert"))
    model = load_model(folder)
    layer = model.network.encoder.layer[1]  # type: ignore[union-attr, index]
    layer.intermediate.dense.weight.data *= 20.0
    layer.output.dense.weight.data *= 20.0
    layer.intermediate.dense.bias.data[0] = 10_000.0
    layer.output.dense.weight.data[:, 0] = 0.0
    model.network.save_pretrained(folder)  # type: ignore[operator]
    expected = load_model(folder).encode(TEXTS)
    rounded = load_model(folder, runtime=Runtime.ONNX_INT8).encode(TEXTS)
    assert (expected * rounded).sum(axis=1) == pytest.approx(1, abs=1e-2)

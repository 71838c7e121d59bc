"""Any Hugging Face model becomes a text encoder: encoders and decoders, with padding or without,
from a folder or by the name of the installed one."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import torch

from embeddings.text import loading
from embeddings.text.language_model import DEFAULT_MODEL, EncoderUnavailable, Pooling, load_model
from embeddings.text.pooling import pool
from embeddings.types import TextEncoder
from tests.embeddings import tiny

TEXTS = ["def read(path): return open(path)", "sort", "def add(a, b): return a + b " * 5, ""]


@pytest.fixture(scope="module", params=["bert", "llama"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made: Path = getattr(tiny, request.param)(tmp_path_factory.mktemp(request.param))
    return made


@pytest.mark.parametrize("pooling", Pooling)
def test_texts_become_unit_rows_whatever_stands_beside_them(folder: Path, pooling: Pooling) -> None:
    model: TextEncoder = load_model(str(folder), pooling=pooling)
    together = model.encode(TEXTS)
    assert together.shape == (len(TEXTS), model.dimensions)
    assert together.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    for row, text in enumerate(TEXTS):
        np.testing.assert_allclose(model.encode([text])[0], together[row], atol=1e-4)


def test_batches_are_bounded_by_tokens_and_keep_the_order(folder: Path) -> None:
    whole = load_model(str(folder)).encode(TEXTS * 3)
    model, sizes = load_model(str(folder), batch_tokens=20), []

    def note(_: torch.nn.Module, given: object, named: dict[str, torch.Tensor]) -> None:
        sizes.append(named["input_ids"].shape)

    model.network.register_forward_pre_hook(note, with_kwargs=True)
    np.testing.assert_allclose(model.encode(TEXTS * 3), whole, atol=1e-4)
    assert len(sizes) > 1
    assert all(texts == 1 or texts * tokens <= 20 for texts, tokens in sizes)


def test_no_text_gives_no_row(folder: Path) -> None:
    model = load_model(str(folder))
    assert model.encode([]).shape == (0, model.dimensions)


def test_a_text_is_cut_at_the_models_limit(folder: Path) -> None:
    model = load_model(str(folder))
    assert model.settings.max_tokens == 64
    vectors = model.encode(["read " * 100, "read " * 100_000])
    np.testing.assert_allclose(vectors[0], vectors[1], atol=1e-4)


def test_the_fingerprint_tells_weights_and_reading_apart(folder: Path, tmp_path: Path) -> None:
    model = load_model(str(folder))
    assert load_model(str(folder)).fingerprint == model.fingerprint
    assert load_model(str(folder), pooling=Pooling.LAST).fingerprint != model.fingerprint
    assert model.limited(8).fingerprint != model.fingerprint
    assert model.limited(8).weights_fingerprint == model.weights_fingerprint
    other = load_model(str(tiny.bert(tmp_path))).network
    with torch.no_grad():
        next(other.parameters()).mul_(1.01)
    other.save_pretrained(tmp_path)
    assert load_model(str(tmp_path)).weights_fingerprint != model.weights_fingerprint


def test_pooling_looks_at_real_tokens_only() -> None:
    hidden = torch.tensor([[[1.0], [3.0], [100.0]]])
    mask = torch.tensor([[1, 1, 0]])
    assert pool(hidden, mask, Pooling.MEAN).item() == 2
    assert pool(hidden, mask, Pooling.LAST).item() == 3
    assert pool(hidden, mask, Pooling.CLS).item() == 1


def test_the_installed_model_loads_without_a_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    model = load_model("all-MiniLM-L6-v2")
    assert (model.settings.name, model.settings.max_tokens) == (DEFAULT_MODEL, 256)
    query, near, far = model.encode(
        ["sort a list", "def sort_items(items): return sorted(items)", "def close(self): pass"]
    )
    assert query @ near > query @ far


def test_an_absent_model_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(EncoderUnavailable, match="nobody/nothing is not on this machine"):
        load_model("nobody/nothing")


def test_a_folder_without_a_model_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(EncoderUnavailable, match="contains no usable language model"):
        load_model(str(tmp_path))


@pytest.mark.parametrize(("given", "taken"), [(None, "8"), ("100", "100")])
def test_few_compiled_programs_are_kept_unless_a_user_says_otherwise(
    given, taken, tmp_path, monkeypatch
):
    """There is one for each shape of a batch; with hundreds of them a worker takes gigabytes."""
    monkeypatch.delenv(loading.ONEDNN_PROGRAMS[0], raising=False)
    if given:
        monkeypatch.setenv(loading.ONEDNN_PROGRAMS[0], given)
    load_model(str(tiny.bert(tmp_path / "bert")))
    assert os.environ[loading.ONEDNN_PROGRAMS[0]] == taken

"""Texts that follow each other in one row see nothing of each other."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from embeddings.text import packing
from embeddings.text.language_model import Pooling, load_model
from tests.embeddings import tiny_models

TEXTS = ["def read(path): return open(path)", "sort", "def add(a, b): return a + b", ""]


@pytest.mark.parametrize("family", ["llama", "qwen2"])
@pytest.mark.parametrize("pooling", Pooling)
def test_a_packed_batch_gives_the_vectors_of_a_padded_one(
    family: str, pooling: Pooling, tmp_path: Path
) -> None:
    model = load_model(str(getattr(tiny_models, family)(tmp_path)), pooling=pooling)
    padded = model.encode(TEXTS)
    assert packing.prepare(model.network)
    assert (padded * model.encode(TEXTS)).sum(axis=1) == pytest.approx(1, abs=1e-5)
    model.network.set_attn_implementation("eager")
    assert (padded * model.encode(TEXTS)).sum(axis=1) == pytest.approx(1, abs=1e-5)


def test_on_a_cpu_batches_are_padded(tmp_path: Path) -> None:
    model = load_model(str(tiny_models.llama(tmp_path)), dtype="bfloat16")
    assert not packing.is_worth_it(model.network)
    assert not packing.is_prepared(model.network)


def test_a_loss_flows_back_through_a_packed_batch(tmp_path: Path) -> None:
    model = load_model(str(tiny_models.qwen2(tmp_path)))
    assert packing.prepare(model.network)
    model.forward(model.tokens(TEXTS)).sum().backward()
    gradient = model.network.get_input_embeddings().weight.grad
    assert torch.isfinite(gradient).all()
    assert gradient.any()

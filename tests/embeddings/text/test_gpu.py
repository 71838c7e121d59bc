"""What is otherwise on a GPU: packed batches through the kernel that only it has, fewer bits a
weight, and several processes' worth of batches."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch

from embeddings.text import packing
from embeddings.text.language_model import Pooling, Runtime, load_model
from tests.embeddings import tiny_models

TEXTS = ["def read(path): return open(path)", "sort", "def add(a, b): return a + b", ""] * 20

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


@pytest.mark.parametrize("family", ["llama", "qwen2"])
@pytest.mark.parametrize("pooling", [Pooling.MEAN, Pooling.LAST])
def test_packed_vectors_in_half_precision_are_those_of_a_cpu(
    family: str, pooling: Pooling, tmp_path: Path
) -> None:
    folder = str(getattr(tiny_models, family)(tmp_path))
    model = load_model(folder, pooling=pooling, dtype="bfloat16", device="cuda")
    assert packing.is_prepared(model.network)
    expected = load_model(folder, pooling=pooling).encode(TEXTS)
    assert (expected * model.encode(TEXTS)).sum(axis=1).min() > 1 - 1e-2


@pytest.mark.parametrize("family", ["bert", "llama", "qwen2"])
def test_vectors_in_whole_precision_are_those_of_a_cpu(family: str, tmp_path: Path) -> None:
    folder = str(getattr(tiny_models, family)(tmp_path))
    expected = load_model(folder).encode(TEXTS)
    computed = load_model(folder, device="cuda").encode(TEXTS)
    assert (expected * computed).sum(axis=1).min() > 1 - 1e-5


@pytest.mark.skipif(not find_spec("bitsandbytes"), reason="needs bitsandbytes")
@pytest.mark.parametrize("runtime", [Runtime.EIGHT_BIT, Runtime.FOUR_BIT])
def test_fewer_bits_change_vectors_a_little(runtime: Runtime, tmp_path: Path) -> None:
    folder = str(tiny_models.qwen2(tmp_path))
    model = load_model(folder, dtype="bfloat16", runtime=runtime, device="cuda")
    expected = load_model(folder).encode(TEXTS)
    cosines = (expected * model.encode(TEXTS)).sum(axis=1)
    assert np.isfinite(cosines).all()
    assert cosines.min() > 0.8

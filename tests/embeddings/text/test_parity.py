"""Batching and pooling are ours; sentence-transformers is the reference for what they must give."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from embeddings.text import loading
from embeddings.text.language_model import DEFAULT_MODEL, LanguageModel, load_model

sentence_transformers = pytest.importorskip("sentence_transformers")

TEXTS = [
    "",
    "sort",
    "sort a list of files by size, largest first",
    "def read(path):\n    return open(path).read()",
    "größe = 404  # ünïcode → ✓",
    *(Path(__file__).parent.parent / "samples").glob("*/reader.py"),
    "def long():\n" + "    total += values[index] * 2\n" * 200,
]
ALIKE = 1e-5


@pytest.fixture(scope="module")
def texts() -> list[str]:
    return [text if isinstance(text, str) else text.read_text() for text in TEXTS]


@pytest.fixture(scope="module")
def ours() -> LanguageModel:
    return load_model(DEFAULT_MODEL)


@pytest.fixture(scope="module")
def reference() -> Any:
    folder = loading.locate(DEFAULT_MODEL).folder
    return sentence_transformers.SentenceTransformer(str(folder), device="cpu")


@pytest.mark.parametrize("batch_size", [1, 32])
def test_vectors_are_those_of_sentence_transformers(
    ours: LanguageModel, reference: Any, texts: list[str], batch_size: int
) -> None:
    expected = reference.encode(texts, batch_size=batch_size, normalize_embeddings=True)
    np.testing.assert_allclose(ours.encode(texts), expected, atol=ALIKE)


def test_texts_are_cut_where_sentence_transformers_cuts_them(
    ours: LanguageModel, reference: Any
) -> None:
    assert ours.settings.max_tokens == reference.max_seq_length

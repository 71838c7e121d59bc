"""The small query encoders: unit rows, no influence of padding, gradients, any text."""

from __future__ import annotations

from itertools import product

import pytest
import torch

from embeddings.networks.query_encoders import (
    MAX_WORDS,
    QueryKind,
    QueryPooling,
    QuerySettings,
    WordQueryEncoder,
    word_batch,
)
from embeddings.networks.vocabulary import Vocabulary

WORDS = Vocabulary(["read", "a", "csv", "file", "sort", "list"])
KINDS = [kind for kind in QueryKind if kind is not QueryKind.LANGUAGE_MODEL]
EVERY = list(product(KINDS, QueryPooling))


def encoder_of(kind: QueryKind, pooling: QueryPooling) -> WordQueryEncoder:
    torch.manual_seed(0)
    return WordQueryEncoder(len(WORDS), 10, QuerySettings(kind, pooling, width=8)).eval()


@pytest.mark.parametrize(("kind", "pooling"), EVERY)
def test_rows_have_unit_length_and_ignore_padding(kind: QueryKind, pooling: QueryPooling) -> None:
    encoder = encoder_of(kind, pooling)
    alone = encoder(word_batch(["sort list"], WORDS))
    beside = encoder(word_batch(["sort list", "read a csv file of a list a file"], WORDS))
    assert torch.allclose(alone.norm(dim=1), torch.ones(1), atol=1e-5)
    assert torch.allclose(alone[0], beside[0], atol=1e-5)


@pytest.mark.parametrize(("kind", "pooling"), EVERY)
def test_gradients_reach_the_words(kind: QueryKind, pooling: QueryPooling) -> None:
    encoder = encoder_of(kind, pooling).train()
    encoder(word_batch(["read a file", "sort"], WORDS))[:, 0].sum().backward()
    gradient = encoder.embedding.weight.grad
    assert gradient is not None
    assert gradient.abs().sum() > 0


@pytest.mark.parametrize("text", ["", "   ", "?!", "unknown words only", "read " * 1000])
def test_any_query_has_a_vector(text: str) -> None:
    batch = word_batch([text], WORDS)
    assert 1 <= batch.ids.shape[1] <= MAX_WORDS
    encoder = encoder_of(QueryKind.SELF_ATTENTION, QueryPooling.ATTENTION)
    assert torch.isfinite(encoder(batch)).all()

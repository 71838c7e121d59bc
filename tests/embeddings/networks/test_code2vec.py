"""The network of code2vec: attention over exactly a definition's own contexts, and gradients."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from embeddings.networks.code2vec import Code2Vec, Code2VecSettings
from embeddings.networks.vocabulary import Lexicon, Vocabulary, path_key
from embeddings.paths import contexts

READ = "def read(path):\n    with open(path) as file:\n        return file.read()\n"
ADD = "def add(a, b):\n    return a + b\n"
SETTINGS = Code2VecSettings(embedding=8, code=12, dropout=0.0)


@pytest.fixture
def lexicon() -> Lexicon:
    keys = dict.fromkeys(path_key(context) for context in [*contexts(READ), *contexts(ADD)])
    return Lexicon(Vocabulary(["open", "file", "path", "read"]), Vocabulary(keys), Vocabulary(()))


@pytest.fixture
def network(lexicon: Lexicon) -> Code2Vec:
    torch.manual_seed(0)
    return Code2Vec(len(lexicon.subtokens), len(lexicon.paths), SETTINGS)


def test_attention_is_a_distribution_over_a_definitions_own_contexts(
    lexicon: Lexicon, network: Code2Vec
) -> None:
    batch = lexicon.batch([contexts(READ), contexts(ADD)])
    vectors, attention = network(batch)
    assert vectors.shape == (2, 12)
    assert torch.allclose(attention.sum(1), torch.ones(2), atol=1e-6)
    assert (attention[~batch.mask] == 0).all()


def test_the_vector_is_the_attended_sum_of_tanh_layers(lexicon: Lexicon, network: Code2Vec) -> None:
    batch = lexicon.batch([contexts(ADD)])
    vectors, attention = network(batch)
    tokens = network.subtokens(batch.subtokens, batch.offsets)
    paths = network.paths(batch.paths)
    parts = [tokens[batch.starts], paths[batch.middles], tokens[batch.ends]]
    contexts_ = torch.tanh(network.layer(torch.cat(parts, dim=1)))
    assert torch.allclose(vectors[0], attention[0] @ contexts_, atol=1e-5)


@pytest.mark.parametrize("with_paths", [True, False])
def test_paths_change_a_vector_unless_they_are_left_out(lexicon: Lexicon, with_paths: bool) -> None:
    torch.manual_seed(0)
    settings = replace(SETTINGS, paths=with_paths)
    network = Code2Vec(len(lexicon.subtokens), len(lexicon.paths), settings)
    batch = lexicon.batch([contexts(READ)])
    exchanged = replace(batch, paths=batch.paths.flip(0))
    first, second = network(batch).vectors, network(exchanged).vectors
    assert torch.equal(first, second) != with_paths
    assert any(name.startswith("paths") for name in network.state_dict()) == with_paths


def test_without_paths_the_layer_combines_the_two_tokens(lexicon: Lexicon) -> None:
    network = Code2Vec(len(lexicon.subtokens), 1, replace(SETTINGS, paths=False))
    batch = lexicon.batch([contexts(ADD)])
    vectors, attention = network(batch)
    tokens = network.subtokens(batch.subtokens, batch.offsets)
    pairs = torch.cat([tokens[batch.starts], tokens[batch.ends]], dim=1)
    assert torch.allclose(vectors[0], attention[0] @ torch.tanh(network.layer(pairs)), atol=1e-5)


def test_a_vector_does_not_depend_on_its_batch(lexicon: Lexicon, network: Code2Vec) -> None:
    alone = network(lexicon.batch([contexts(ADD)])).vectors
    beside = network(lexicon.batch([contexts(READ), contexts(ADD), []])).vectors
    assert torch.allclose(alone[0], beside[1], atol=1e-6)


def test_a_definition_without_contexts_has_the_zero_vector(
    lexicon: Lexicon, network: Code2Vec
) -> None:
    vectors, attention = network(lexicon.batch([[], contexts(ADD)]))
    assert (vectors[0] == 0).all()
    assert (attention[0] == 0).all()
    assert torch.isfinite(vectors).all()


def test_gradients_reach_every_part(lexicon: Lexicon, network: Code2Vec) -> None:
    network(lexicon.batch([contexts(READ), []])).vectors.sum().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
        assert parameter.grad.abs().sum() > 0, name

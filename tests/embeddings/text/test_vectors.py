"""A text's vector is its own: company, order, batch size, padding side and attention change nothing
of it, and half precision little, whatever the model's family and the pooling."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import BertModel

from embeddings.code_encoder import NotFinite
from embeddings.encoder import TextOnlyEncoder
from embeddings.text.language_model import LanguageModel, Pooling, Runtime, load_model
from embeddings.types import Matrix
from tests.embeddings import tiny_models

TEXTS = [
    "def read(path): return open(path)",
    "sort",
    "def add(a, b): return a + b",
    "list(csv)",
    "def f(x): return x",
]
EXACT, HALF = 1e-5, 1e-2


@pytest.fixture(scope="module", params=["bert", "llama", "qwen2"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made: Path = getattr(tiny_models, request.param)(tmp_path_factory.mktemp(request.param))
    return made


def distance(some: Matrix, other: Matrix) -> float:
    """The greatest cosine distance of two rows."""
    return float(1 - (some * other).sum(axis=1).min())


def alone(model: LanguageModel, text: str) -> torch.Tensor:
    """A text's states with nothing beside it, the plain way: (tokens, d)."""
    ids = torch.tensor(model.tokens([text]))
    with torch.inference_mode():
        states: torch.Tensor = model.network(input_ids=ids).last_hidden_state[0].float()
    return states


@pytest.mark.parametrize("runtime", [Runtime.EIGHT_BIT, Runtime.FOUR_BIT])
def test_fewer_bits_change_vectors_a_little(folder: Path, runtime: Runtime, tmp_path: Path) -> None:
    network = load_model(str(folder)).network
    for module in network.modules():
        if isinstance(module, torch.nn.Linear):
            module.weight.data *= 10  # a new network's weights hardly matter yet
    strong = str(shutil.copytree(folder, tmp_path / "strong"))
    network.save_pretrained(strong)
    whole, fewer = load_model(strong), load_model(strong, runtime=runtime)
    assert not np.array_equal(whole.encode(TEXTS), fewer.encode(TEXTS))
    assert distance(whole.encode(TEXTS), fewer.encode(TEXTS)) < 0.2
    assert whole.fingerprint != fewer.fingerprint


@pytest.mark.parametrize("pooling", Pooling)
def test_company_order_and_batch_size_change_no_vector(folder: Path, pooling: Pooling) -> None:
    model = load_model(str(folder), pooling=pooling)
    together = model.encode(TEXTS)
    assert distance(together, model.encode(TEXTS[::-1])[::-1]) < EXACT
    assert distance(together, np.concatenate([model.encode([text]) for text in TEXTS])) < EXACT
    small = load_model(str(folder), pooling=pooling, batch_tokens=40)
    assert distance(together, small.encode(TEXTS)) < EXACT


def test_each_pooling_takes_the_tokens_that_it_says(folder: Path) -> None:
    for pooling in Pooling:
        model = load_model(str(folder), pooling=pooling)
        for row, text in zip(model.encode(TEXTS), TEXTS, strict=True):
            states = alone(model, text)
            places = torch.arange(1, len(states) + 1)
            expected = {
                Pooling.MEAN: states.mean(0),
                Pooling.WEIGHTED_MEAN: (states * places[:, None] / places.sum()).sum(0),
                Pooling.LAST: states[-1],
                Pooling.CLS: states[0],
            }[pooling]
            cosine = torch.nn.functional.cosine_similarity(torch.from_numpy(row), expected, dim=0)
            assert cosine > 1 - EXACT


@pytest.mark.parametrize("pooling", [Pooling.MEAN, Pooling.LAST])
@pytest.mark.parametrize("side", ["left", "right"])
def test_the_side_on_which_a_tokenizer_pads_or_cuts_changes_no_vector(
    folder: Path, pooling: Pooling, side: str, tmp_path: Path
) -> None:
    model = load_model(str(folder), pooling=pooling)
    model._tokenizer.save_pretrained(tmp_path)
    model.network.save_pretrained(tmp_path)
    tokenizer = type(model._tokenizer).from_pretrained(
        tmp_path, padding_side=side, truncation_side=side
    )
    tokenizer.save_pretrained(tmp_path)
    texts = [*TEXTS, "read the file " * 30 + "and write"]
    other = load_model(str(tmp_path), pooling=pooling)
    assert distance(model.encode(texts), other.encode(texts)) < EXACT


@pytest.mark.parametrize("pooling", [Pooling.MEAN, Pooling.LAST])
def test_attention_and_precision_change_a_vector_little(folder: Path, pooling: Pooling) -> None:
    model = load_model(str(folder), pooling=pooling)
    vectors = model.encode(TEXTS)
    model.network.set_attn_implementation("eager")
    assert distance(vectors, model.encode(TEXTS)) < EXACT
    half = load_model(str(folder), pooling=pooling, dtype="bfloat16")
    assert distance(vectors, half.encode(TEXTS)) < HALF
    half.network.set_attn_implementation("eager")
    assert distance(vectors, half.encode(TEXTS)) < HALF
    assert half.fingerprint != model.fingerprint


def test_a_batch_that_is_too_large_is_halved(folder: Path) -> None:
    model = load_model(str(folder))
    vectors, sizes = model.encode(TEXTS), []

    def small_memory(
        network: torch.nn.Module, given: object, named: dict[str, torch.Tensor]
    ) -> None:
        sizes.append(len(named["input_ids"]))
        if sizes[-1] > 1:
            raise torch.OutOfMemoryError("CUDA out of memory")

    model.network.register_forward_pre_hook(small_memory, with_kwargs=True)
    assert distance(vectors, model.encode(TEXTS)) < EXACT
    assert sizes[0] == len(TEXTS)
    sizes.clear()
    model.encode(TEXTS)
    assert max(sizes) < len(TEXTS), "what did not fit is not tried again"


def test_a_text_that_does_not_fit_alone_is_an_error(folder: Path) -> None:
    model = load_model(str(folder))

    def no_memory(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    model.network.register_forward_pre_hook(no_memory)
    with pytest.raises(torch.OutOfMemoryError):
        model.encode(TEXTS)


def test_a_vector_that_is_none_is_told_of_its_text_alone(folder: Path) -> None:
    model = load_model(str(folder))
    (token,) = set(model.tokens(["2"])[0]) - {id for ids in model.tokens(TEXTS) for id in ids}
    with torch.no_grad():
        model.network.get_input_embeddings().weight[token] = float("nan")
    with pytest.raises(NotFinite) as refused:
        TextOnlyEncoder("tiny", model).encode([*TEXTS, "return 2"])
    assert refused.value.rows == [len(TEXTS)]


def test_padding_is_not_looked_at_where_the_first_words_are_no_words(tmp_path: Path) -> None:
    network = BertModel.from_pretrained(tiny_models.bert(tmp_path))
    with torch.no_grad():
        network.embeddings.word_embeddings.weight[:5] = 0.0
    network.save_pretrained(tmp_path)
    model = load_model(str(tmp_path))
    apart = np.concatenate([model.encode([text]) for text in TEXTS])
    assert distance(model.encode(TEXTS), apart) < EXACT

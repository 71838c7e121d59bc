"""How a model is read: as its folder says, or as it is asked to; and what cannot be had is refused
with what to do."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from embeddings import extras
from embeddings.text import tuned, whitening
from embeddings.text.language_model import NAMED_TOKENS, EncoderUnavailable, Pooling, load_model
from embeddings.text.tuned import TunedModel
from tests.embeddings import tiny_models
from tests.embeddings.tiny_models import state

LONG = "def read(path): return open(path) " * 12


@pytest.fixture(scope="module")
def qwen2(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_models.qwen2(tmp_path_factory.mktemp("qwen2"))


@pytest.fixture
def bert(tmp_path: Path) -> Path:
    return tiny_models.bert(tmp_path / "bert")


@pytest.mark.parametrize(
    ("config", "pooling"),
    [
        ({"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}, Pooling.CLS),
        ({"pooling_mode_lasttoken": True}, Pooling.LAST),
        ({"pooling_mode_weightedmean_tokens": True}, Pooling.WEIGHTED_MEAN),
        ({"pooling_mode_mean_tokens": True, "include_prompt": True}, Pooling.MEAN),
        ({"pooling_mode": "lasttoken"}, Pooling.LAST),
    ],
)
def test_a_sentence_transformers_folder_says_how_it_pools(
    bert: Path, config: dict[str, object], pooling: Pooling
) -> None:
    state(bert, **{"1_Pooling__config": config, "sentence_bert_config": {"max_seq_length": 20}})
    settings = load_model(str(bert)).settings
    assert (settings.pooling, settings.max_tokens) == (pooling, 20)


@pytest.mark.parametrize(
    "files",
    [
        {"1_Pooling__config": {"pooling_mode_max_tokens": True}},
        {"1_Pooling__config": {"pooling_mode": ["cls", "mean"]}},
        {"modules": [{"type": "sentence_transformers.models.Dense"}]},
        {"modules": [{"type": "sentence_transformers.models.WeightedLayerPooling"}]},
    ],
)
def test_what_is_not_done_here_is_refused(bert: Path, files: dict[str, object]) -> None:
    with pytest.raises(EncoderUnavailable, match=r"unsupported (module|pooling)"):
        load_model(str(state(bert, **files)))


def test_queries_and_code_have_prompts_of_their_own(bert: Path) -> None:
    plain = load_model(str(bert))
    assert plain.for_queries.fingerprint == plain.fingerprint
    prompts = {"query": "sort: ", "document": "file: "}
    model = load_model(str(state(bert, config_sentence_transformers={"prompts": prompts})))
    assert np.allclose(model.encode(["read"]), plain.encode(["file: read"]), atol=1e-6)
    assert np.allclose(model.for_queries.encode(["read"]), plain.encode(["sort: read"]), atol=1e-6)
    fingerprints = {plain.fingerprint, model.fingerprint, model.for_queries.fingerprint}
    assert len(fingerprints) == 3


def test_a_long_text_is_read_in_windows_up_to_its_budget(bert: Path) -> None:
    settings = load_model(str(bert), max_tokens=16).settings
    first, whole = (
        load_model(str(bert), settings=replace(settings, budget=budget)) for budget in (0, 10_000)
    )
    tokens = len(load_model(str(bert), max_tokens=64).tokens([LONG[:100]])[0])
    vectors, unread = first.encode_with_unread(["read", LONG[:100], "read"])
    assert unread == [0, tokens - 16, 0]
    assert np.array_equal(vectors, first.encode(["read", LONG[:100], "read"]))
    assert whole.encode_with_unread([LONG, "read"])[1] == [0, 0]
    windows = whole._windows([LONG[:100]])[0]
    expected = sum(len(window) * whole.forward([window])[0].detach().numpy() for window in windows)
    (vector,) = whole.encode([LONG[:100]])
    assert vector @ expected / np.linalg.norm(expected) == pytest.approx(1, abs=1e-5)
    assert whole.encode([LONG, "read"])[1] == pytest.approx(first.encode(["read"])[0], abs=1e-6)
    assert first.fingerprint != whole.fingerprint
    some = load_model(str(bert), settings=replace(settings, budget=33))
    assert len(some._windows([LONG])[0]) == 2
    assert some.encode_with_unread([LONG[:100]])[1] == [tokens - 2 - 2 * 14]


def test_a_tokenizer_that_is_written_in_python_divides_a_text_as_others_do(tmp_path: Path) -> None:
    folder = str(tiny_models.byt5(tmp_path / "byt5"))
    first = load_model(folder, max_tokens=16)
    whole = load_model(folder, settings=replace(first.settings, budget=10_000))
    length = len(LONG)  # a token a character, and one behind them
    assert first.tokens(["", LONG]) == [[1], [*(ord(character) + 3 for character in LONG[:15]), 1]]
    vectors, unread = first.encode_with_unread(["read", LONG])
    assert unread == [0, length - 15]
    assert np.array_equal(vectors, first.encode(["read", LONG]))
    (windows,) = whole._windows([LONG])
    assert [len(window) for window in windows] == [16] * (length // 15) + [length % 15 + 1]
    assert whole.encode_with_unread([LONG])[1] == [0]


def test_only_the_first_layers_are_loaded(qwen2: Path) -> None:
    model = load_model(str(qwen2))
    settings = replace(model.settings, layers=2)
    shorter = load_model(str(qwen2), settings=settings)
    assert len(shorter.network.layers) == 2
    ids = torch.tensor(model.tokens(["read a file"]))
    with torch.inference_mode():
        states = model.network(input_ids=ids, output_hidden_states=True).hidden_states[2]
        expected = model.network.norm(states).mean(1)[0].numpy()
    (vector,) = shorter.encode(["read a file"])
    assert vector @ expected / np.linalg.norm(expected) == pytest.approx(1, abs=1e-5)
    with pytest.raises(EncoderUnavailable, match="has only 3 layers"):
        load_model(str(qwen2), settings=replace(settings, layers=4))


def test_whitening_takes_out_what_all_vectors_share_and_is_kept(
    qwen2: Path, tmp_path: Path
) -> None:
    model = load_model(str(qwen2))
    code = model.encode([f"def f{n}(x): return x + {n}" for n in range(40)])
    queries = model.encode([f"add {n} to a number" for n in range(40)])
    fitted = whitening.whitening(code, queries, 8)
    TunedModel(str(qwen2), model.settings, None, fitted).save(tmp_path)
    whitened = load_model(str(tmp_path))
    assert whitened.dimensions == 8
    assert whitened.weights_fingerprint != model.weights_fingerprint
    vectors = whitened.encode([f"def f{n}(x): return x + {n}" for n in range(40)])
    assert (vectors @ vectors.T).mean() < 0.2 < (code @ code.T).mean()
    query = whitened.for_queries.encode(["add 1 to a number"])
    assert not np.allclose(query, whitened.encode(["add 1 to a number"]), atol=1e-3)
    assert np.allclose(np.linalg.norm(query, axis=1), 1, atol=1e-5)
    copy = tmp_path / "copy"
    copy.mkdir()
    assert tuned.copy(tmp_path, copy)
    assert load_model(str(copy)).fingerprint == whitened.fingerprint


def test_a_model_that_does_not_fit_is_refused_before_it_is_loaded(bert: Path) -> None:
    config = json.loads((bert / "config.json").read_text())
    (bert / "config.json").write_text(json.dumps({**config, "intermediate_size": 10**10}))
    with pytest.raises(EncoderUnavailable, match=r"take \d+\.\d GB, and cpu has"):
        load_model(str(bert))


def test_a_missing_package_is_named_with_what_installs_it() -> None:
    with pytest.raises(EncoderUnavailable, match=r"nothing_such, .* 'codeindex\[gguf\]'"):
        extras.require(("numpy", "nothing_such"), "The GGUF file some.gguf", "gguf")


def test_of_a_text_whose_name_is_hidden_the_beginning_is_read(tmp_path: Path) -> None:
    model = load_model(str(tiny_models.bert(tmp_path, max_tokens=2 * NAMED_TOKENS)))
    long = "read the file " * NAMED_TOKENS
    longer = f"{long} more"
    short = "def read(path)"
    assert np.allclose(model.for_names.encode([short]), model.encode([short]), atol=1e-6)
    assert np.allclose(*model.for_names.encode([long, longer]), atol=1e-6)
    assert not np.allclose(model.for_names.encode([long]), model.encode([long]), atol=1e-3)
    assert model.for_names.fingerprint != model.fingerprint

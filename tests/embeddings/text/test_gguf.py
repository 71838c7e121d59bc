"""A GGUF file is a model like any other: what llama.cpp runs, by its path."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from gguf import GGUFWriter, TokenType
from transformers import Qwen2Config, Qwen2Model, Qwen2Tokenizer

from embeddings.text.language_model import load_model
from tests.embeddings import tiny_models

TEXTS = ["def read(path): return open(path)", "sort", "def f(x): return x"]
NAMES = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_models.qwen2(tmp_path_factory.mktemp("qwen2"))


@pytest.fixture(scope="module")
def file(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same model as llama.cpp writes it."""
    path = tmp_path_factory.mktemp("gguf") / "tiny.gguf"
    writer = GGUFWriter(path, "qwen2")
    _add_config(writer, Qwen2Config.from_pretrained(folder))
    _add_words(writer, Qwen2Tokenizer.from_pretrained(folder))
    for name, tensor in Qwen2Model.from_pretrained(folder).state_dict().items():
        writer.add_tensor(_named(name), tensor.to(torch.float32).numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def test_a_gguf_file_gives_the_vectors_of_its_model(folder: Path, file: Path) -> None:
    expected, model = load_model(str(folder)), load_model(str(file))
    assert model.tokens(TEXTS) == expected.tokens(TEXTS)
    assert np.allclose(model.encode(TEXTS), expected.encode(TEXTS), atol=1e-5)


def _add_config(writer: GGUFWriter, config: Qwen2Config) -> None:
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(10_000.0)
    writer.add_vocab_size(config.vocab_size)


def _add_words(writer: GGUFWriter, tokenizer: Qwen2Tokenizer) -> None:
    words = tokenizer.convert_ids_to_tokens(range(len(tokenizer)))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(words)
    writer.add_token_types([TokenType.CONTROL] + [TokenType.NORMAL] * (len(words) - 1))
    writer.add_token_merges(["d e"])
    writer.add_eos_token_id(0)
    writer.add_pad_token_id(0)


def _named(name: str) -> str:
    if name == "embed_tokens.weight":
        return "token_embd.weight"
    if name == "norm.weight":
        return "output_norm.weight"
    _, layer, rest = name.split(".", 2)
    module, _, kind = rest.rpartition(".")
    return f"blk.{layer}.{NAMES[module]}.{kind}"

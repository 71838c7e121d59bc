"""Tiny random models of the families that matter, each with the tokenizer class that is its own:
BERT pads on the right and adds special tokens, Llama pads on the left and begins with one, Qwen2
knows bytes and adds none, ByT5's is written in Python."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from tokenizers.pre_tokenizers import ByteLevel
from transformers import (
    BertConfig,
    BertModel,
    BertTokenizer,
    ByT5Tokenizer,
    LlamaConfig,
    LlamaModel,
    LlamaTokenizer,
    Qwen2Config,
    Qwen2Model,
    Qwen2Tokenizer,
    T5Config,
    T5EncoderModel,
)

WORDS = ["def", "return", "read", "write", "file", "path", "open", "list", "sort", "csv"]
CHARACTERS = [*"abcdefghijklmnopqrstuvwxyz0123456789_()=+:,."]
# Wide enough for two blocks of 4-bit weights a row, which may be mixed up
SIZES = {
    "hidden_size": 128,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "intermediate_size": 128,
    "max_position_embeddings": 64,
}


def bert(folder: Path, max_tokens: int = SIZES["max_position_embeddings"]) -> Path:
    pieces = [*WORDS, *CHARACTERS, *(f"##{character}" for character in CHARACTERS)]
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *pieces]
    BertTokenizer(vocab={word: row for row, word in enumerate(words)}).save_pretrained(folder)
    torch.manual_seed(0)
    sizes = {**SIZES, "max_position_embeddings": max_tokens}
    BertModel(BertConfig(vocab_size=len(words), **sizes)).save_pretrained(folder)
    return folder


def llama(folder: Path) -> Path:
    pieces = ["▁", *CHARACTERS, *(f"<0x{byte:02X}>" for byte in range(256))]
    words = ["<unk>", "<s>", "</s>", *pieces]
    vocabulary = {word: row for row, word in enumerate(words)}
    LlamaTokenizer(vocab=vocabulary, merges=[]).save_pretrained(folder)
    torch.manual_seed(0)
    config = LlamaConfig(vocab_size=len(words), num_key_value_heads=4, **SIZES)
    LlamaModel(config).save_pretrained(folder)
    return folder


def qwen2(folder: Path) -> Path:
    words = ["<|endoftext|>", *sorted(ByteLevel.alphabet()), "de"]
    vocabulary = {word: row for row, word in enumerate(words)}
    Qwen2Tokenizer(vocab=vocabulary, merges=[("d", "e")]).save_pretrained(folder)
    torch.manual_seed(0)
    config = Qwen2Config(vocab_size=len(words), num_key_value_heads=2, **SIZES)
    Qwen2Model(config).save_pretrained(folder)
    return folder


def byt5(folder: Path) -> Path:
    ByT5Tokenizer().save_pretrained(folder)
    torch.manual_seed(0)
    config = T5Config(vocab_size=384, d_model=32, d_kv=8, d_ff=32, num_layers=2, num_heads=4)
    T5EncoderModel(config).save_pretrained(folder)
    return folder


def state(folder: Path, **files: object) -> Path:
    """Adds what a sentence-transformers folder says of its model: file name → content."""
    for name, content in files.items():
        path = folder / f"{name.replace('__', '/')}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(content))
    return folder

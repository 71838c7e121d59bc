"""Language models with their true architectures and random weights: a model's speed does not depend
on the values of its weights. `python -m benchmarks.architectures NAME FOLDER` writes one into a
folder, from which a worker can load it.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from sysconfig import get_path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    AutoModel,
    LlamaConfig,
    PreTrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    Qwen2Config,
)

from benchmarks import sources

# From the config.json of each model.
CONFIGS: dict[str, PreTrainedConfig] = {
    "CodeLlama-7b": LlamaConfig(
        vocab_size=32_016, hidden_size=4096, intermediate_size=11_008, num_hidden_layers=32,
        num_attention_heads=32, num_key_value_heads=32, max_position_embeddings=16_384,
    ),
    "Qwen2.5-Coder-0.5B": Qwen2Config(
        vocab_size=151_936, hidden_size=896, intermediate_size=4864, num_hidden_layers=24,
        num_attention_heads=14, num_key_value_heads=2, max_position_embeddings=32_768,
    ),
    "Qwen2.5-Coder-1.5B": Qwen2Config(
        vocab_size=151_936, hidden_size=1536, intermediate_size=8960, num_hidden_layers=28,
        num_attention_heads=12, num_key_value_heads=2, max_position_embeddings=32_768,
    ),
    "Qwen2.5-Coder-7B": Qwen2Config(
        vocab_size=152_064, hidden_size=3584, intermediate_size=18_944, num_hidden_layers=28,
        num_attention_heads=28, num_key_value_heads=4, max_position_embeddings=32_768,
    ),
}  # fmt: skip
TINY: dict[str, PreTrainedConfig] = {
    "tiny Llama": LlamaConfig(
        vocab_size=32_016, hidden_size=64, intermediate_size=128, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=4,
    ),
    "tiny Qwen2": Qwen2Config(
        vocab_size=32_016, hidden_size=64, intermediate_size=128, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2,
    ),
}  # fmt: skip
WORDS = 32_000
PAD = "<pad>"


def main() -> None:
    """Writes a model with its tokenizer, in bfloat16."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.architectures", description=__doc__)
    parser.add_argument("name", choices=list(CONFIGS))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--device", default="cuda")
    options = parser.parse_args()
    words = tokenizer_of(sources.texts_in([Path(get_path("purelib"))], 4096))
    network(CONFIGS[options.name], options.device, "bfloat16").save_pretrained(options.folder)
    words.save_pretrained(options.folder)


def network(config: PreTrainedConfig, device: str, dtype: str) -> PreTrainedModel:
    """A model of the architecture."""
    torch.manual_seed(0)
    with torch.device(device):
        made: PreTrainedModel = AutoModel.from_config(deepcopy(config), dtype=getattr(torch, dtype))
    return made.eval()


def tokenizer_of(texts: Sequence[str]) -> PreTrainedTokenizerFast:
    return PreTrainedTokenizerFast(tokenizer_object=words_of(texts), pad_token=PAD)


def words_of(texts: Sequence[str], count: int = WORDS) -> Tokenizer:
    """A byte-level BPE like that of Llama and Qwen, learnt from the texts. Their own tokenizers
    need a hub, and cut code into about as many tokens."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=count, special_tokens=[PAD], initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


if __name__ == "__main__":
    main()

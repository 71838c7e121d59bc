"""Language models with random weights and a few hundred bytes of vocabulary, made on the spot, and
checkpoints on top of them: what the tests of the library run on."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import BertConfig, BertModel, LlamaConfig, LlamaModel, PreTrainedTokenizerFast

from embeddings import checkpoints, drafts, variable_namer
from embeddings.checkpoints import Network, Settings
from embeddings.naming.disagreement import Thresholds
from embeddings.networks.code2vec import Code2VecSettings
from embeddings.networks.draft import DraftNetwork, DraftSettings
from embeddings.networks.vocabulary import Lexicon, Vocabulary, path_key, subtokens
from embeddings.paths import contexts
from embeddings.text.language_model import load_model
from embeddings.variable_namer import VariableNamer

WORDS = [
    *"abcdefgh",
    "def",
    "return",
    "read",
    "write",
    "file",
    "path",
    "open",
    "list",
    "sort",
    "csv",
]
SOURCES = [
    "def read_file(path):\n    with open(path) as file:\n        return file.read()\n",
    "def sort_list(items):\n    return sorted(items)\n",
    "def add(a, b):\n    return a + b\n",
]


def bert(folder: Path) -> Path:
    """An encoder with special tokens and padding, as MiniLM is."""
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS]
    tokenizer = _tokenizer(words)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]"
    ).save_pretrained(folder)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(words), hidden_size=32, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=64, max_position_embeddings=64,
    )  # fmt: skip
    BertModel(config).save_pretrained(folder)
    return folder


def llama(folder: Path) -> Path:
    """A decoder whose tokenizer has no padding token and adds no special ones."""
    words = ["[UNK]", *WORDS]
    PreTrainedTokenizerFast(tokenizer_object=_tokenizer(words), unk_token="[UNK]").save_pretrained(
        folder
    )
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(words), hidden_size=32, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=2, intermediate_size=64, max_position_embeddings=64,
    )  # fmt: skip
    LlamaModel(config).save_pretrained(folder)
    return folder


def lexicon() -> Lexicon:
    """The vocabularies of the sources above."""
    examples = [context for source in SOURCES for context in contexts(source)]
    parts = Counter(part for example in examples for part in subtokens(example.start.token))
    paths = Counter(map(path_key, examples))
    names = Vocabulary(["read_file", "sort_list", "add"])
    return Lexicon(
        Vocabulary.from_counts(parts, 100, 1), Vocabulary.from_counts(paths, 200, 1), names
    )


def checkpoint(folder: Path, model: Path, **settings: object) -> Path:
    """An untrained checkpoint for a language model's folder."""
    loaded = load_model(str(model))
    chosen = Settings(
        text=loaded.settings,
        text_width=loaded.dimensions,
        text_fingerprint=loaded.weights_fingerprint,
        code=Code2VecSettings(embedding=8, code=24),
        **settings,  # type: ignore[arg-type]
    )
    torch.manual_seed(1)
    words = lexicon()
    checkpoints.save(folder, chosen, words, Network(chosen, words))
    return folder


def with_variables(folder: Path, thresholds: Thresholds) -> Path:
    """The same checkpoint with an untrained network of variables' names."""
    names = Vocabulary(["path", "reader", "count"])
    torch.manual_seed(1)
    network = variable_namer.untrained(checkpoints.load(folder), names, names)
    own = folder / variable_namer.FOLDER
    own.mkdir()
    variable_namer.save(own, VariableNamer(network, thresholds))
    return folder


def with_draft(folder: Path, seed: int = 1) -> Path:
    """The same checkpoint with an untrained draft."""
    loaded, settings = checkpoints.load(folder), DraftSettings(width=16, hidden=24, buckets=8)
    words = loaded.lexicon.subtokens
    widths = loaded.settings.code.code, loaded.network.fusion.dimensions, loaded.settings.text_width
    torch.manual_seed(seed)
    network = DraftNetwork(len(words.words) + settings.buckets, *widths, settings)
    drafts.save(folder, settings, words, network)
    return folder


def _tokenizer(words: list[str]) -> Tokenizer:
    vocabulary = {word: row for row, word in enumerate(words)}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return tokenizer

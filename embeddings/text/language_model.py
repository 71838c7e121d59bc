"""Language models as text encoders: one class for every model that transformers supports, encoder
or decoder, from a hub name, a folder or a GGUF file."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from embeddings.text import adapters, loading, onnx, tokenising, weights
from embeddings.text.batching import Budget, batches, pad_batch
from embeddings.text.loading import Origin, canonical
from embeddings.text.onnx import OnnxNetwork
from embeddings.text.pooling import Pooling, joined, pool
from embeddings.text.settings import (
    DEFAULT_MODEL,
    EncoderUnavailable,
    ModelSettings,
    Runtime,
    folder_settings,
)
from embeddings.text.tokenising import Tokens, Windows, padding
from embeddings.text.tuned import TUNED, TUNED_WEIGHTS, TunedModel
from embeddings.text.tuned import load as load_tuned
from embeddings.text.whitening import Whitening
from embeddings.types import Matrix

if TYPE_CHECKING:
    from embeddings.text.torch_network import TorchNetwork

__all__ = [
    "DEFAULT_MODEL", "TUNED", "TUNED_WEIGHTS", "EncoderUnavailable", "LanguageModel",
    "ModelSettings", "Pooling", "Runtime", "canonical", "load_model", "save_tuned",
]  # fmt: skip

# Texts that are tokenised while earlier ones are encoded: few at first, so that the device starts
# at once, then more and more, so that there are enough texts of similar length.
FIRST_TEXTS, MOST_TEXTS = 512, 4096
# Tokens of a text that are read to predict its name.
NAMED_TOKENS = 64


class LanguageModel:
    """A language model that encodes texts as unit vectors; implements `TextEncoder`."""

    def __init__(
        self,
        network: TorchNetwork | OnnxNetwork,
        weights_fingerprint: str,
        tokenizer: Any,
        settings: ModelSettings,
        device: str,
        whitening: Whitening | None = None,
        query_model: LanguageModel | None = None,
        batch_tokens: int | None = None,
    ) -> None:
        """`query_model` encodes descriptions, if not this one. `batch_tokens` limits the tokens in
        a batch, by default to what suits the device."""
        self._network = network
        self._query_model = query_model
        self.weights_fingerprint = weights_fingerprint
        self.settings = settings
        self._tokenizer = tokenizer
        self._device = device
        self._whitening = whitening.to(device) if whitening else None
        self._pad = padding(tokenizer)
        self._budget = network.budget if batch_tokens is None else Budget(batch_tokens)

    @property
    def network(self) -> nn.Module:
        """The network in torch, to train it; one for another runtime cannot be trained."""
        assert not isinstance(self._network, OnnxNetwork), self.settings.runtime
        return self._network.module

    @property
    def dimensions(self) -> int:
        return self._whitening.dimensions if self._whitening else self._network.width

    @property
    def fingerprint(self) -> str:
        mean = self._whitening.fingerprint if self._whitening else ""
        queries = self._query_model.fingerprint if self._query_model else ""
        form = onnx.EXPORT_VERSION if isinstance(self._network, OnnxNetwork) else ""
        described = f"{self.settings.described()}{mean}{queries}{form}"
        return hashlib.sha256(f"{self.weights_fingerprint} {described}".encode()).hexdigest()

    @property
    def is_whole(self) -> bool:
        """Whether its weights have full precision, that is, are not quantised."""
        return self.settings.runtime not in weights.BITS

    @property
    def for_queries(self) -> LanguageModel:
        """The same model with its prompt and mean for descriptions, or the published model to which
        it was tuned."""
        if self._query_model is not None:
            return self._query_model.for_queries
        whitening = self._whitening.for_queries if self._whitening else None
        return self._with_settings(self.settings.for_queries, whitening)

    @property
    def for_names(self) -> LanguageModel:
        """The same model, reading as many tokens as name prediction uses."""
        return self.limited(NAMED_TOKENS)

    def limited(self, max_tokens: int) -> LanguageModel:
        """The same model, reading at most `max_tokens` of a text."""
        limit = min(max_tokens, self.settings.max_tokens)
        settings = replace(self.settings, max_tokens=limit, budget=0)
        return self._with_settings(settings, self._whitening)

    def encode(self, texts: Sequence[str]) -> Matrix:
        """(n,) texts → (n, dimensions), rows of unit length. Texts are truncated at the limit;
        equal texts are encoded once; tokenising and encoding overlap."""
        return self._encode(texts, self._windows)

    def encode_with_unread(self, texts: Sequence[str]) -> tuple[Matrix, list[int]]:
        """As `encode`, and the number of tokens of each text that were cut off."""
        unread: dict[str, int] = {}

        def windows(block: Sequence[str]) -> list[Windows]:
            read, counts = tokenising.windows_with_unread(self._tokenizer, block, self.settings)
            unread.update(zip(block, counts, strict=True))
            return read

        vectors = self._encode(texts, windows)
        return vectors, [unread[text] for text in texts]

    def _encode(
        self, texts: Sequence[str], windows: Callable[[Sequence[str]], list[Windows]]
    ) -> Matrix:
        distinct = list(dict.fromkeys(texts))
        rows = [np.zeros((0, self.dimensions), np.float32)]
        with ThreadPoolExecutor(1) as tokenising_ahead:
            rows += map(self.encode_tokens, tokenising_ahead.map(windows, _blocks(distinct)))
        places = {text: row for row, text in enumerate(distinct)}
        return np.concatenate(rows)[[places[text] for text in texts]]

    def encode_tokens(self, texts: Sequence[Windows]) -> Matrix:
        """n texts as their windows → (n, dimensions), rows of unit length."""
        vectors = self._vectors([window for text in texts for window in text])
        return vectors if len(vectors) == len(texts) else joined(vectors, texts)

    def tokens(self, texts: Sequence[str]) -> list[Tokens]:
        """The token ids of each text, at most `max_tokens`."""
        return [windows[0] for windows in self._windows(texts)]

    def forward(self, batch: Sequence[Sequence[int]]) -> Tensor:
        """n texts as tokens → (n, dimensions), rows of unit length, differentiable with respect to
        the network's weights."""
        ids, mask = pad_batch(batch, self._pad, self._device)
        states = self._network.states(batch, ids, mask)
        vectors = normalize(pool(states.float(), mask, self.settings.pooling), dim=-1)
        return vectors if self._whitening is None else normalize(self._whitening(vectors), dim=-1)

    def _windows(self, texts: Sequence[str]) -> list[Windows]:
        return tokenising.windows(self._tokenizer, texts, self.settings)

    @torch.inference_mode()
    def _vectors(self, windows: Sequence[Tokens]) -> Matrix:
        """(n,) → (n, dimensions). All vectors are copied from the device at the end, so that it
        never waits."""
        order: list[int] = []
        blocks = []
        for rows in batches([len(ids) for ids in windows], self._budget):
            blocks.append(self._forward_in_parts([windows[row] for row in rows]))
            order += rows
        vectors = np.empty((len(windows), self.dimensions), np.float32)
        vectors[order] = torch.cat(blocks).float().cpu().numpy()
        return vectors

    def _forward_in_parts(self, batch: Sequence[Tokens]) -> Tensor:
        """A batch at once, or in halves if it does not fit in memory."""
        try:
            return self.forward(batch)
        except torch.OutOfMemoryError:
            if len(batch) == 1:
                raise
        torch.cuda.empty_cache()
        self._budget.shrink(batch)
        half = len(batch) // 2
        return torch.cat(
            [self._forward_in_parts(batch[:half]), self._forward_in_parts(batch[half:])]
        )

    def _with_settings(self, settings: ModelSettings, whitening: Whitening | None) -> LanguageModel:
        other = copy(self)
        other.settings, other._whitening = settings, whitening
        return other


def load_model(
    name: str = DEFAULT_MODEL,
    *,
    settings: ModelSettings | None = None,
    pooling: Pooling | None = None,
    max_tokens: int | None = None,
    dtype: str | None = None,
    runtime: Runtime | None = None,
    device: str = "cpu",
    batch_tokens: int | None = None,
) -> LanguageModel:
    """A language model by hub name, folder, GGUF file (`FOLDER/FILE.gguf`), or the name of an
    installed one. A folder may contain a tuned model, see `text.tuned`. The default of `settings`
    is what the model's files (of sentence-transformers) say, or else the mean of `MAX_TOKENS`
    tokens; `pooling` to `runtime` override single settings. `batch_tokens` limits the tokens in a
    batch, by default to what suits the device. Raises EncoderUnavailable."""
    name = canonical(name)
    own = load_tuned(name)
    origin = loading.locate(own.model)
    stated = settings or own.settings or folder_settings(origin.folder, ModelSettings(own.model))
    given = {"pooling": pooling, "max_tokens": max_tokens, "dtype": dtype, "runtime": runtime}
    overridden: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
    settings = replace(stated, name=name, **overridden)
    if own.weights and settings.runtime in weights.BITS:
        raise EncoderUnavailable(f"The weights of {name} were tuned and cannot be quantised.")
    tokenizer = loading.tokenizer(origin)
    network, fingerprint = _network(origin, own, tokenizer, settings, device)
    query_model = None
    if own.asks_published:
        query_model = load_model(own.model, dtype=settings.dtype, runtime=runtime, device=device)
    limits = filter(None, (tokenizer.model_max_length, network.positions))
    settings = replace(settings, max_tokens=min(settings.max_tokens, *map(int, limits)))
    return LanguageModel(
        network, fingerprint, tokenizer, settings, device, own.whitening, query_model, batch_tokens
    )


def _network(
    origin: Origin, own: TunedModel, tokenizer: Any, settings: ModelSettings, device: str
) -> tuple[TorchNetwork | OnnxNetwork, str]:
    """The network with its tuned weights, for the settings' runtime, and its fingerprint."""
    if settings.runtime not in (Runtime.ONNX, Runtime.ONNX_INT8):
        return _torch_network(origin, own, tokenizer, settings, device)

    def export_path() -> Path:
        return onnx.export_path(chain(loading.files(origin), own.files), settings, device)

    path = export_path()
    if not path.is_file():
        network, fingerprint = _torch_network(origin, own, tokenizer, settings, device)
        path = export_path()  # the weights may have been downloaded just now
        onnx.export(network, fingerprint, settings.runtime, path)
    exported = OnnxNetwork(path)
    return exported, exported.fingerprint


def _torch_network(
    origin: Origin, own: TunedModel, tokenizer: Any, settings: ModelSettings, device: str
) -> tuple[TorchNetwork, str]:
    from embeddings.text.torch_network import TorchNetwork  # noqa: PLC0415  takes seconds

    module = loading.network(origin, settings, device)
    if own.weights:
        adapters.load(module, own.weights)
    # Before anything is computed: bitsandbytes garbles 4-bit weights that are read later
    fingerprint = weights.fingerprint(module, tokenizer, own.whitening)
    return TorchNetwork(module, device), fingerprint


def save_tuned(
    model: LanguageModel,
    origin: str,
    tuned: Mapping[str, Tensor],
    folder: Path,
    *,
    asks_published: bool = False,
) -> None:
    """Writes what `load_model(folder)` needs in addition to the model `origin`: the `tuned` weights
    or adapters, in half precision, and those of `origin` if it is tuned itself. If
    `asks_published`, the published model encodes descriptions."""
    first = load_tuned(origin)
    state, own = model.network.state_dict(), first.weights or {}
    whole = {name for name in own if name in state} | set(adapters.adapted_weights(own))
    fresh = {name: tuned[name] for name in tuned if adapters.weight_of(name) not in whole}
    weights = {**{name: state[name] for name in whole}, **fresh}
    TunedModel(first.model, first.settings, weights, first.whitening, asks_published).save(folder)


def _blocks(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    start, size = 0, FIRST_TEXTS
    while start < len(texts):
        yield texts[start : start + size]
        start, size = start + size, min(2 * size, MOST_TEXTS)

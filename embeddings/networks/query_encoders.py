"""Query encoders: from a description to its text vector, which a fusion maps into the fused space.
Either the language model itself, or one of CodeSearchNet's four small networks over words: a neural
bag of words, a 1D-CNN, a bidirectional RNN or self-attention (Husain et al. 2019), each with mean,
max or attention pooling. The small ones take microseconds and need no language model."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from embeddings.networks.vocabulary import UNKNOWN, Vocabulary, subtokens

MAX_WORDS = 64
CONVOLUTION_WIDTH = 5
ATTENTION_HEADS = 4
ATTENTION_LAYERS = 2


class QueryKind(StrEnum):
    """Which network encodes a query."""

    LANGUAGE_MODEL = "llm"
    NBOW = "nbow"
    CNN = "cnn"
    RNN = "rnn"
    SELF_ATTENTION = "self_attention"


class QueryPooling(StrEnum):
    """How the vectors of a query's words are combined."""

    MEAN = "mean"
    MAX = "max"
    ATTENTION = "attention"


@dataclass(frozen=True, slots=True)
class QuerySettings:
    """Which query encoder; pooling and width apply to the small networks."""

    kind: QueryKind = QueryKind.LANGUAGE_MODEL
    pooling: QueryPooling = QueryPooling.MEAN
    width: int = 128


@dataclass(frozen=True, slots=True)
class WordBatch:
    """The word ids of n queries, padded to m; `mask` (n, m) is true for words."""

    ids: Tensor
    mask: Tensor

    def to(self, device: str | torch.device) -> WordBatch:
        return WordBatch(self.ids.to(device), self.mask.to(device))


def word_batch(texts: Sequence[str], words: Vocabulary) -> WordBatch:
    """Queries as ids in the vocabulary of the code's subtokens; a query without words gets the
    unknown id."""
    rows = [_ids(text, words) for text in texts]
    width = max(map(len, rows), default=1)
    ids = torch.full((len(rows), width), UNKNOWN)
    mask = torch.zeros((len(rows), width), dtype=torch.bool)
    for row, found in enumerate(rows):
        ids[row, : len(found)] = torch.tensor(found)
        mask[row, : len(found)] = True
    return WordBatch(ids, mask)


def _ids(text: str, words: Vocabulary) -> list[int]:
    parts = (part for word in text.split()[:MAX_WORDS] for part in subtokens(word))
    return [words[part] for part in parts][:MAX_WORDS] or [UNKNOWN]


class WordQueryEncoder(nn.Module):
    """Embeds words, runs one of the four bodies, pools, and maps to the text's width."""

    def __init__(self, words: int, dimensions: int, settings: QuerySettings) -> None:
        super().__init__()
        self.embedding = nn.Embedding(words, settings.width)
        self.body = BODIES[settings.kind](settings.width)
        self.pooling = settings.pooling
        self.importance = nn.Linear(settings.width, 1, bias=False)
        self.output = nn.Linear(settings.width, dimensions)

    def forward(self, batch: WordBatch) -> Tensor:
        """(n, m) words → (n, dimensions), rows of unit length."""
        read = self.body(self.embedding(batch.ids), batch.mask)
        return normalize(self.output(self._pooled(read, batch.mask)), dim=-1)

    def _pooled(self, read: Tensor, mask: Tensor) -> Tensor:
        lowest = torch.finfo(read.dtype).min
        match self.pooling:
            case QueryPooling.MAX:
                return read.masked_fill(~mask.unsqueeze(-1), lowest).amax(1)
            case QueryPooling.MEAN:
                weights = mask.to(read.dtype)
            case QueryPooling.ATTENTION:
                scores = self.importance(read).squeeze(-1).masked_fill(~mask, lowest)
                weights = torch.softmax(scores, dim=-1)
        return torch.einsum("nm,nmd->nd", weights / weights.sum(1, keepdim=True), read)


class BagOfWords(nn.Module):
    """NBoW: words are used without their context."""

    def __init__(self, width: int) -> None:
        super().__init__()

    def forward(self, words: Tensor, mask: Tensor) -> Tensor:
        return words


class Convolution(nn.Module):
    """1D-CNN: each word is combined with its neighbours."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.convolution = nn.Conv1d(width, width, CONVOLUTION_WIDTH, padding="same")

    def forward(self, words: Tensor, mask: Tensor) -> Tensor:
        inside = words * mask.unsqueeze(-1)
        return torch.tanh(self.convolution(inside.transpose(1, 2)).transpose(1, 2))


class Recurrence(nn.Module):
    """Bidirectional RNN (gated units), half the width each way."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.recurrence = nn.GRU(width, width // 2, batch_first=True, bidirectional=True)

    def forward(self, words: Tensor, mask: Tensor) -> Tensor:
        lengths = mask.sum(1).cpu()
        packed = nn.utils.rnn.pack_padded_sequence(
            words, lengths, batch_first=True, enforce_sorted=False
        )
        read, _ = self.recurrence(packed)
        padded, _ = nn.utils.rnn.pad_packed_sequence(
            read, batch_first=True, total_length=words.shape[1]
        )
        return padded


class SelfAttention(nn.Module):
    """A small transformer with sinusoidal positions."""

    positions: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(
            width, ATTENTION_HEADS, 4 * width, dropout=0.1, batch_first=True
        )
        self.layers = nn.TransformerEncoder(layer, ATTENTION_LAYERS, enable_nested_tensor=False)
        self.register_buffer("positions", _sinusoids(MAX_WORDS, width), persistent=False)

    def forward(self, words: Tensor, mask: Tensor) -> Tensor:
        placed = words + self.positions[: words.shape[1]]
        read: Tensor = self.layers(placed, src_key_padding_mask=~mask)
        return read


BODIES: dict[QueryKind, Callable[[int], nn.Module]] = {
    QueryKind.NBOW: BagOfWords,
    QueryKind.CNN: Convolution,
    QueryKind.RNN: Recurrence,
    QueryKind.SELF_ATTENTION: SelfAttention,
}


def _sinusoids(length: int, width: int) -> Tensor:
    rates = torch.exp(torch.arange(0, width, 2) * (-math.log(10_000.0) / width))
    angles = torch.arange(length).unsqueeze(1) * rates
    return torch.cat([torch.sin(angles), torch.cos(angles)], dim=1)

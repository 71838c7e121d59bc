"""The draft network: the vector of a definition without a language model, in the space of the fused
vectors. The vectors of subtokens are looked up and pooled, with learnt weights by word and by the
place where it stands; a small network maps the pools, and code2vec's vector is added (a weighted
sum, as equation 4 of Ngo & Rivalan 2025). Queries are encoded by the language model; drafts learn
to be found by them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple
from zlib import crc32

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import embedding_bag, gelu, normalize

from embeddings.code.placed_words import PLACES, Place, Words
from embeddings.code.words import parts
from embeddings.naming.network import LabelSource
from embeddings.networks.vocabulary import Ragged, Vocabulary

# The weight of the code half before training.
FIRST_CODE_WEIGHT = 0.2
# Distinct spellings whose subtokens are kept; beyond that the memory begins anew.
MOST_REMEMBERED = 1 << 17
DOCUMENTED = (Place.SUMMARY, Place.DOCUMENTATION)


@dataclass(frozen=True, slots=True)
class DraftSettings:
    """Widths of the subtoken vectors and of the hidden layer. Subtokens out of the vocabulary share
    `buckets` vectors, chosen by their hash. code2vec reads at most `contexts` path-contexts of the
    first `characters` of a definition; 0 contexts: drafts are made of the text alone."""

    width: int = 256
    hidden: int = 384
    buckets: int = 1024
    dropout: float = 0.3
    contexts: int = 60
    characters: int = 1_000


class DraftLexicon:
    """The ids of subtokens: those of the vocabulary, then those of the buckets."""

    def __init__(self, words: Vocabulary, buckets: int) -> None:
        self.words, self._buckets = words, buckets
        self._rows = {word: row for row, word in enumerate(words.words)}
        self._remembered: dict[str, tuple[int, ...]] = {}

    def __len__(self) -> int:
        return len(self._rows) + self._buckets

    def bags(self, texts: Sequence[Words]) -> Ragged:
        """The words of n texts by places → n × PLACES bags, with rows of (subtoken, count)."""
        counts = [self._counted(spelt) for text in texts for spelt in text]
        values = np.array([*chain.from_iterable(c.items() for c in counts)], np.int64)
        return Ragged(values.reshape(-1, 2), np.cumsum([0, *map(len, counts)]))

    def _counted(self, spelt: Sequence[str]) -> Counter[int]:
        return Counter(chain.from_iterable(map(self._ids, spelt)))

    def _ids(self, spelling: str) -> tuple[int, ...]:
        known = self._remembered.get(spelling)
        if known is None:
            if len(self._remembered) >= MOST_REMEMBERED:
                self._remembered.clear()
            known = self._remembered[spelling] = tuple(map(self._id, parts(spelling)))
        return known

    def _id(self, part: str) -> int:
        row = self._rows.get(part)
        if row is None:
            return len(self._rows) + crc32(part.encode("utf-8", "replace")) % self._buckets
        return row


class DraftBatch(NamedTuple):
    """The subtokens of n texts, m in total, text by text and place by place: their ids, counts and
    places (m,), and where each of the n × PLACES bags begins."""

    ids: Tensor
    counts: Tensor
    places: Tensor
    offsets: Tensor


def collate(bags: Ragged) -> DraftBatch:
    """n × PLACES bags of (subtoken, count) as a batch."""
    places = np.repeat(np.arange(len(bags)) % PLACES, bags.lengths())
    ids, counts = bags.values.reshape(-1, 2).T
    return DraftBatch(
        torch.from_numpy(ids.astype(np.int64)),
        torch.from_numpy(counts.astype(np.float32)),
        torch.from_numpy(places),
        torch.from_numpy(bags.offsets[:-1].copy()),
    )


def undocumented(bags: Ragged) -> Ragged:
    """n × PLACES bags without those of documentation, which are left empty."""
    return _kept(bags, np.isin(np.arange(PLACES), DOCUMENTED, invert=True))


def summaries(bags: Ragged) -> Ragged:
    """n × PLACES bags, of which those of summaries alone are kept."""
    return _kept(bags, np.arange(PLACES) == Place.SUMMARY)


def thinned(bags: Ragged, share: float, random: np.random.Generator) -> Ragged:
    """The bags without a random share of their subtokens."""
    left = random.random(len(bags.values)) >= share
    return Ragged(bags.values[left], np.concatenate([[0], np.cumsum(left)])[bags.offsets])


def _kept(bags: Ragged, places: NDArray[np.bool_]) -> Ragged:
    kept = places[np.arange(len(bags)) % PLACES]
    lengths = np.where(kept, bags.lengths(), 0)
    values = bags.values[np.repeat(kept, bags.lengths())]
    return Ragged(values, np.concatenate([[0], np.cumsum(lengths)]))


class DraftNetwork(nn.Module):
    """The network from subtokens and code vectors (n, code) to drafts (n, dimensions). Language
    models have vectors of `text` dimensions."""

    def __init__(
        self, subtokens: int, code: int, dimensions: int, text: int, settings: DraftSettings
    ) -> None:
        super().__init__()
        width, hidden = settings.width, settings.hidden
        self.table = nn.Embedding(subtokens, width)
        self.gates = nn.Embedding(subtokens, PLACES)
        nn.init.zeros_(self.gates.weight)
        self.places = nn.Parameter(torch.zeros(PLACES))
        self.whole = nn.Linear(width, dimensions)
        self.inner, self.outer = nn.Linear(PLACES * width, hidden), nn.Linear(hidden, dimensions)
        nn.init.zeros_(self.outer.weight)
        nn.init.zeros_(self.outer.bias)
        self.dropout = nn.Dropout(settings.dropout)
        self.trust = nn.Linear(hidden, 1)
        nn.init.zeros_(self.trust.weight)
        nn.init.zeros_(self.trust.bias)
        self.code = nn.Linear(code, dimensions)
        self.weights = nn.Parameter(torch.tensor([1.0, FIRST_CODE_WEIGHT]))
        self.stand_in = nn.Linear(code, text)
        nn.init.zeros_(self.stand_in.weight)
        nn.init.zeros_(self.stand_in.bias)

    def forward(self, batch: DraftBatch, code: Tensor | None) -> Tensor:
        """n texts and, if known, their code vectors (n, code) → drafts (n, dimensions), rows of
        unit length. A code vector of zeros counts as unknown."""
        text, trust = self.text(batch)
        by_text = self.weights[0] * normalize(text, dim=-1)
        if code is None:
            return normalize(by_text, dim=-1)
        is_known = code.any(dim=-1, keepdim=True)
        by_code = normalize(self.code(normalize(code, dim=-1)), dim=-1)
        return normalize(by_text + self.weights[1] * trust * by_code * is_known, dim=-1)

    def label_vectors(self, code: Tensor, source: LabelSource) -> Tensor:
        """Code vectors (n, code) → what labels are predicted from; a language model's vector is
        replaced by one that the code vector says (n, text)."""
        halves = [self.stand_in(code)] if source.reads_text else []
        return torch.cat([*halves, code] if source.reads_code else halves, dim=1)

    def text(self, batch: DraftBatch) -> tuple[Tensor, Tensor]:
        """n texts → (n, dimensions), and how much of the code half they need, (n, 1), 0 to 2: one
        with documentation needs little."""
        gates = self.gates(batch.ids).gather(1, batch.places[:, None])[:, 0]
        weights = (gates + self.places[batch.places]).exp() * (1 + batch.counts.log())
        pools = embedding_bag(
            batch.ids, self.table.weight, batch.offsets, mode="sum", per_sample_weights=weights
        ).view(-1, PLACES, self.table.embedding_dim)
        totals = weights.new_zeros(len(batch.offsets)).index_add(0, _owners(batch), weights)
        totals = totals.view(-1, PLACES)
        mean = pools.sum(1) / totals.sum(1, keepdim=True).clamp(min=1e-6)
        scaled = pools / totals.clamp(min=1e-6).sqrt().unsqueeze(-1)
        parts = normalize(scaled.flatten(1), dim=-1) * PLACES**0.5
        hidden = self.dropout(gelu(self.inner(self.dropout(parts))))
        return self.whole(mean) + self.outer(hidden), 2 * torch.sigmoid(self.trust(hidden))


def _owners(batch: DraftBatch) -> Tensor:
    """The bag of each subtoken, (m,)."""
    lengths = batch.offsets.diff(append=batch.offsets.new_tensor([len(batch.ids)]))
    return torch.arange(len(lengths), device=lengths.device).repeat_interleave(lengths)

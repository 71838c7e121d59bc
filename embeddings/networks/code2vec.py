"""code2vec: from the path-contexts of a definition to its code vector and the attention of each
context (Alon, Zilberstein, Levy, Yahav: code2vec, POPL 2019). As in the paper, tokens and paths are
embedded in 128 dimensions and a tanh layer combines each context into 384. Unlike in the paper, a
token's embedding is the mean of its subtokens' embeddings, so that projects share a vocabulary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import embedding_bag

from embeddings.networks.vocabulary import ContextBatch


@dataclass(frozen=True, slots=True)
class Code2VecSettings:
    """Widths of the token and path embeddings and of the code vector. Without `paths` (an ablation)
    a context consists of the two tokens at the ends of its path."""

    embedding: int = 128
    code: int = 384
    dropout: float = 0.25
    paths: bool = True


class CodeVectors(NamedTuple):
    """Code vectors (n, code) and attention (n, m). Each row of attention sums to 1, or is 0 if a
    definition has no path-contexts."""

    vectors: Tensor
    attention: Tensor


class Code2Vec(nn.Module):
    """The network up to the code vector; labels and fusion, which use it, are separate."""

    def __init__(self, subtokens: int, paths: int, settings: Code2VecSettings) -> None:
        super().__init__()
        width, code = settings.embedding, settings.code
        self.subtokens = nn.EmbeddingBag(subtokens, width, mode="mean")
        self.paths = nn.Embedding(paths, width) if settings.paths else None
        self.layer = nn.Linear((3 if settings.paths else 2) * width, code, bias=False)
        self.attention = nn.Linear(code, 1, bias=False)
        self.dropout = nn.Dropout(settings.dropout)

    def forward(self, batch: ContextBatch) -> CodeVectors:
        contexts = self._contexts(batch)
        scores = contexts.new_full(batch.mask.shape, torch.finfo(contexts.dtype).min)
        scores = scores.masked_scatter(batch.mask, self.attention(contexts))
        attention = torch.softmax(scores, dim=-1) * batch.mask
        weighted = contexts * attention[batch.mask].unsqueeze(-1)
        vectors = contexts.new_zeros(len(batch.mask), contexts.shape[1])
        return CodeVectors(vectors.index_add(0, batch.mask.nonzero()[:, 0], weighted), attention)

    def folded(self) -> FoldedCode2Vec:
        """The same network for inference alone, with its layer multiplied into its tables."""
        return FoldedCode2Vec(self)

    def _contexts(self, batch: ContextBatch) -> Tensor:
        """tanh(W [start; path; end]), (c, code). W is applied once to each distinct token and path,
        and the results are added, which is equivalent and costs a fraction."""
        tokens = self.dropout(self.subtokens(batch.subtokens, batch.offsets))
        start, *middle, end = torch.split(self.layer.weight, tokens.shape[1], dim=1)
        combined = (tokens @ start.T).index_select(0, batch.starts)
        if self.paths is not None:
            paths = self.dropout(self.paths(batch.paths))
            combined = combined + (paths @ middle[0].T).index_select(0, batch.middles)
        return torch.tanh(combined + (tokens @ end.T).index_select(0, batch.ends))


class FoldedCode2Vec:
    """A trained code2vec whose layer, a linear one on a concatenation, is multiplied into the
    embeddings once: a context is the tanh of a sum of three rows that are looked up. It takes three
    times the memory of the embeddings, and saves most of the computation."""

    @torch.no_grad()
    def __init__(self, network: Code2Vec) -> None:
        words = network.subtokens.weight
        start, *middle, end = torch.split(network.layer.weight, words.shape[1], dim=1)
        self._starts, self._ends = words @ start.T, words @ end.T
        self._paths = None if network.paths is None else network.paths.weight @ middle[0].T
        self._attention = network.attention.weight[0].detach()

    @torch.inference_mode()
    def vectors(self, batch: ContextBatch) -> Tensor:
        """The code vectors of n definitions, (n, code)."""
        contexts = self._tokens(self._starts, batch).index_select(0, batch.starts)
        contexts += self._tokens(self._ends, batch).index_select(0, batch.ends)
        if self._paths is not None:
            contexts += self._paths.index_select(0, batch.paths[batch.middles])
        contexts.tanh_()
        scores = contexts.new_full(batch.mask.shape, torch.finfo(contexts.dtype).min)
        scores[batch.mask] = contexts @ self._attention
        attention = torch.softmax(scores, dim=-1)[batch.mask]
        lengths = batch.mask.sum(1)
        return embedding_bag(
            torch.arange(len(contexts), device=contexts.device),
            contexts,
            lengths.cumsum(0) - lengths,
            mode="sum",
            per_sample_weights=attention,
        )

    def _tokens(self, table: Tensor, batch: ContextBatch) -> Tensor:
        return embedding_bag(batch.subtokens, table, batch.offsets, mode="mean")

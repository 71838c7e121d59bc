"""Ids of tokens, paths and labels. A token is split into its subtokens (`readCSVFile` → read, csv,
file), which projects have in common, so that an unseen name is still understood by its parts."""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from embeddings.code.words import parts
from embeddings.paths.tables import ContextTable
from embeddings.types import PathContext

Ids = NDArray[np.int64]

UNKNOWN = 0
MAX_SUBTOKENS = 6


@lru_cache(maxsize=1 << 16)
def subtokens(token: str) -> tuple[str, ...]:
    """The first MAX_SUBTOKENS words of a token."""
    return parts(token)[:MAX_SUBTOKENS]


def path_key(context: PathContext) -> str:
    """A path as one entry of the vocabulary: its node kinds, the top in brackets."""
    return _path_key(context.path, context.top)


def _path_key(path: tuple[str, ...], top: int) -> str:
    return " ".join((*path[:top], f"[{path[top]}]", *path[top + 1 :]))


class Vocabulary:
    """Words with ids from 1; id 0 is every unknown word."""

    def __init__(self, words: Iterable[str]) -> None:
        self.words = tuple(words)
        self._ids = {word: row for row, word in enumerate(self.words, start=1)}

    @classmethod
    def from_counts(cls, counts: Counter[str], size: int, least: int) -> Vocabulary:
        """The `size` most frequent words that occur at least `least` times."""
        ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        return cls(word for word, count in ordered[:size] if count >= least)

    def __len__(self) -> int:
        """The number of ids, including the unknown one."""
        return len(self.words) + 1

    def __getitem__(self, word: str) -> int:
        return self._ids.get(word, UNKNOWN)

    def save(self, path: Path) -> None:
        """Writes one word per line, compressed; the same words give the same bytes."""
        content = "\n".join(self.words).encode()
        path.write_bytes(gzip.compress(content, mtime=0))

    @classmethod
    def load(cls, path: Path) -> Vocabulary:
        content = gzip.decompress(path.read_bytes()).decode()
        return cls(content.split("\n") if content else ())


@dataclass(frozen=True, slots=True)
class Ragged:
    """Rows of different lengths: row i is `values[offsets[i] : offsets[i + 1]]`. A value is a
    number or a row of fixed width."""

    values: Ids
    offsets: Ids

    @classmethod
    def from_rows(cls, rows: Sequence[Sequence[int]] | Sequence[Ids]) -> Ragged:
        lengths = np.fromiter(map(len, rows), np.int64, len(rows))
        values = [np.asarray(row, np.int64) for row in rows if len(row)]
        return cls(
            np.concatenate(values) if values else np.zeros(0, np.int64),
            np.concatenate([[0], np.cumsum(lengths)]),
        )

    @classmethod
    def joined(cls, blocks: Sequence[Ragged]) -> Ragged:
        """The rows of the blocks, one after the other."""
        lengths = np.concatenate([block.lengths() for block in blocks])
        return cls(
            np.concatenate([block.values for block in blocks]),
            np.concatenate([[0], np.cumsum(lengths)]),
        )

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def lengths(self) -> Ids:
        return np.diff(self.offsets)

    def take(self, rows: Ids) -> Ragged:
        """The chosen rows, in the given order."""
        lengths = self.lengths()[rows]
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        shifts = np.repeat(self.offsets[:-1][rows] - offsets[:-1], lengths)
        return Ragged(self.values[np.arange(offsets[-1]) + shifts], offsets)


@dataclass(frozen=True, slots=True)
class Mentions:
    """The words that n definitions mention: `rows` of (word id, bits of its places), and the m
    `words` themselves in the same order, since out-of-vocabulary words may be part of a name,
    too."""

    rows: Ragged
    words: Sequence[str]


@dataclass(frozen=True, slots=True)
class ContextBatch:
    """The path-contexts of n definitions, c in total. The distinct tokens of the batch (bags of
    subtoken ids: `subtokens`, `offsets`) and its distinct `paths` are stored once; `starts`,
    `middles` and `ends` (c,) refer to them, definition after definition. `mask` (n, m) is true
    where a definition has a context, so that its true entries are the c contexts in order."""

    subtokens: Tensor
    offsets: Tensor
    paths: Tensor
    starts: Tensor
    middles: Tensor
    ends: Tensor
    mask: Tensor

    def to(self, device: str | torch.device) -> ContextBatch:
        return ContextBatch(*(getattr(self, name).to(device) for name in self.__slots__))


def collate(contexts: Ragged, tokens: Ragged) -> ContextBatch:
    """A batch of definitions. A value of `contexts` is (start token, path id, end token); tokens
    are rows of `tokens`, which are bags of subtoken ids."""
    counts = contexts.lengths()
    distinct, places = np.unique(contexts.values[:, [0, 2]], return_inverse=True)
    paths, middles = np.unique(contexts.values[:, 1], return_inverse=True)
    places = places.reshape(-1, 2)
    bags = tokens.take(distinct)
    return ContextBatch(
        subtokens=torch.from_numpy(bags.values),
        offsets=torch.from_numpy(bags.offsets[:-1].copy()),
        paths=torch.from_numpy(paths),
        starts=torch.from_numpy(places[:, 0].copy()),
        middles=torch.from_numpy(middles),
        ends=torch.from_numpy(places[:, 1].copy()),
        mask=torch.from_numpy(np.arange(max(1, counts.max(initial=0))) < counts[:, None]),
    )


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The vocabularies of a network; `words` are those of mentions."""

    subtokens: Vocabulary
    paths: Vocabulary
    labels: Vocabulary
    words: Vocabulary = field(default_factory=lambda: Vocabulary(()))
    _known_paths: dict[tuple[tuple[str, ...], int], int] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def bag(self, token: str) -> list[int]:
        """The ids of a token's subtokens; never empty."""
        return [self.subtokens[part] for part in subtokens(token)] or [UNKNOWN]

    def batch(self, definitions: Sequence[Sequence[PathContext]]) -> ContextBatch:
        """The path-contexts of n definitions as a batch."""
        rows: dict[str, int] = {}
        triples = [
            (
                rows.setdefault(context.start.token, len(rows)),
                self.paths[path_key(context)],
                rows.setdefault(context.end.token, len(rows)),
            )
            for definition in definitions
            for context in definition
        ]
        offsets = np.cumsum([0, *map(len, definitions)])
        contexts = Ragged(np.array(triples, np.int64).reshape(-1, 3), offsets)
        return collate(contexts, Ragged.from_rows([self.bag(word) for word in rows]))

    def tabulated(self, table: ContextTable) -> ContextBatch:
        """The path-contexts in a table as a batch: the same as `batch` of its rows, faster."""
        rows: dict[str, int] = {}
        leaves = np.array([rows.setdefault(leaf.token, len(rows)) for leaf in table.leaves], int)
        bags = Ragged.from_rows([self.bag(word) for word in rows])
        paths = [self._path(path, top) for path, top in zip(table.paths, table.tops, strict=True)]
        counts = np.diff(table.bounds)
        return ContextBatch(
            subtokens=torch.from_numpy(bags.values),
            offsets=torch.from_numpy(bags.offsets[:-1].copy()),
            paths=torch.from_numpy(np.array(paths, np.int64)),
            starts=torch.from_numpy(leaves[table.starts]),
            middles=torch.from_numpy(table.numbers),
            ends=torch.from_numpy(leaves[table.ends]),
            mask=torch.from_numpy(np.arange(max(1, counts.max(initial=0))) < counts[:, None]),
        )

    def _path(self, path: tuple[str, ...], top: int) -> int:
        """The id of a path, of which the frequent ones are remembered."""
        known = self._known_paths.get((path, top))
        if known is None:
            known = self.paths[_path_key(path, top)]
            if known != UNKNOWN:
                self._known_paths[path, top] = known
        return known

    def mentions(self, definitions: Sequence[Mapping[str, int]]) -> Mentions:
        """The mentions of n definitions, each a mapping from words to the bits of their places."""
        rows = [
            (self.words[word], places)
            for definition in definitions
            for word, places in definition.items()
        ]
        values = np.array(rows, np.int64).reshape(-1, 2)
        return Mentions(
            Ragged(values, np.cumsum([0, *map(len, definitions)])),
            [word for definition in definitions for word in definition],
        )

"""What the functions of a corpus mention, kept on disk in blocks, so that an interrupted run loses
one block at most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from more_itertools import sliced
from numpy.typing import ArrayLike
from tqdm import tqdm

from embeddings.naming.mentions import mentioned
from embeddings.networks.vocabulary import Ids, Lexicon, Mentions, Ragged, Vocabulary, subtokens
from embeddings.training.corpus.functions import Function, fingerprint
from embeddings.training.data.features import write_arrays

BLOCK = 4096
FORMAT = 2


@dataclass(frozen=True, slots=True)
class CorpusMentions:
    """What n functions mention: rows of (index into `words`, bits of the word's places)."""

    rows: Ragged
    words: list[str]

    @classmethod
    def read(cls, functions: Sequence[Function], folder: Path) -> CorpusMentions:
        """The mentions of the functions, in their order, from a corpus folder or computed now."""
        cache = folder / "mentions"
        cache.mkdir(parents=True, exist_ok=True)
        parts = list(sliced(functions, BLOCK))
        shown = tqdm(parts, "mentions", unit="block", disable=len(parts) < 2)
        return joined_mentions([_block_file(part, cache) for part in shown])

    @classmethod
    def from_places(cls, mentions: Sequence[Mapping[str, int]]) -> CorpusMentions:
        """What n functions mention: words with the bits of their places."""
        known: dict[str, int] = {}
        pairs = [(known.setdefault(w, len(known)), bits) for m in mentions for w, bits in m.items()]
        values = np.array(pairs, np.int64).reshape(-1, 2)
        return cls(Ragged(values, np.cumsum([0, *map(len, mentions)])), list(known))

    def vocabulary(self, size: int, least: int) -> Vocabulary:
        """The words that most functions mention."""
        counts = np.bincount(self.rows.values[:, 0], minlength=len(self.words)).tolist()
        return Vocabulary.from_counts(
            Counter(dict(zip(self.words, counts, strict=True))), size, least
        )

    def labelled(self, lexicon: Lexicon, names: Sequence[str]) -> Ragged:
        """Rows of (word id, bits of its places, whether the function's name holds it), to train
        on."""
        numbers = {word: number for number, word in enumerate(self.words)}
        true = [
            row * len(numbers) + numbers[part]
            for row, name in enumerate(names)
            for part in set(subtokens(name))
            if part in numbers
        ]
        owners = np.repeat(np.arange(len(names)), self.rows.lengths())
        named = np.isin(owners * len(numbers) + self.rows.values[:, 0], true)
        ids = np.array([lexicon.words[word] for word in self.words] or [0], np.int32)
        columns = ids[self.rows.values[:, 0]], self.rows.values[:, 1], named.astype(np.int32)
        return Ragged(np.stack(columns, axis=1), self.rows.offsets)

    def mentions(self, lexicon: Lexicon, rows: Ids) -> Mentions:
        """What the functions in `rows` mention, to predict names from."""
        taken = self.rows.take(rows)
        words = [self.words[number] for number in taken.values[:, 0].tolist()]
        values = np.array([lexicon.words[word] for word in words], np.int64)
        pairs = np.stack([values, taken.values[:, 1].astype(np.int64)], axis=1)
        return Mentions(Ragged(pairs, taken.offsets), words)


def joined_mentions(files: Iterable[Path], name: str = "") -> CorpusMentions:
    """The rows of files with the arrays of `mention_arrays`, one file after the other."""
    known: dict[str, int] = {}
    blocks = [Ragged(np.zeros((0, 2), np.int32), np.zeros(1, np.int64))]
    for file in files:
        with np.load(file) as block:
            values = block[f"{name}values"].copy()
            words = str(block[f"{name}words"]).split("\n")
            numbers = np.array([known.setdefault(word, len(known)) for word in words], np.int32)
            values[:, 0] = numbers[values[:, 0]]
            blocks.append(Ragged(values, block[f"{name}offsets"]))
    return CorpusMentions(Ragged.joined(blocks), list(known))


def mention_arrays(mentions: Iterable[Mapping[str, int]], name: str = "") -> dict[str, ArrayLike]:
    """What definitions mention, words with the bits of their places, as arrays whose names begin
    with `name`: `values` of (word, bits) with `offsets`, and the distinct `words`, a line each."""
    known: dict[str, int] = {}
    rows = [
        [(known.setdefault(word, len(known)), places) for word, places in own.items()]
        for own in mentions
    ]
    return {
        f"{name}values": np.array([pair for row in rows for pair in row], np.int32).reshape(-1, 2),
        f"{name}offsets": np.cumsum([0, *map(len, rows)]),
        f"{name}words": "\n".join(known),
    }


def _block_file(functions: Sequence[Function], folder: Path) -> Path:
    """The file with what the functions mention; written if it is missing."""
    key = fingerprint("\0".join([str(FORMAT), *(function.code for function in functions)]))
    path = folder / f"{key}.npz"
    if path.exists():
        return path
    write_arrays(
        path, mention_arrays(mentioned(function.code, function.language) for function in functions)
    )
    return path

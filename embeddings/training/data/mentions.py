"""What the functions of a corpus mention, on disk, in blocks, so that a run that was killed goes on
where it was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from embeddings.naming.mentions import mentioned
from embeddings.networks.vocabulary import Ids, Lexicon, Mentions, Ragged, Vocabulary, subtokens
from embeddings.training.corpus.functions import Function, fingerprint

BLOCK = 4096
FORMAT = 2


@dataclass(frozen=True, slots=True)
class Mentioned:
    """Of n functions rows of (number into `words`, bits of its places)."""

    rows: Ragged
    words: list[str]

    @classmethod
    def of(cls, functions: Sequence[Function], folder: Path) -> Mentioned:
        """Those of the functions, in their order, from a corpus folder or computed now."""
        kept = folder / "mentions"
        kept.mkdir(parents=True, exist_ok=True)
        known: dict[str, int] = {}
        blocks = [Ragged(np.zeros((0, 2), np.int32), np.zeros(1, np.int64))]
        starts = range(0, len(functions), BLOCK)
        for start in tqdm(starts, "mentions", unit="block", disable=len(starts) < 2):
            with np.load(_block(functions[start : start + BLOCK], kept)) as block:
                values = block["values"].copy()
                words = str(block["words"]).split("\n")
                numbers = np.array([known.setdefault(word, len(known)) for word in words], np.int32)
                values[:, 0] = numbers[values[:, 0]]
                blocks.append(Ragged(values, block["offsets"]))
        return cls(Ragged.joined(blocks), list(known))

    def vocabulary(self, size: int, least: int) -> Vocabulary:
        """The words that most functions mention."""
        counts = np.bincount(self.rows.values[:, 0], minlength=len(self.words)).tolist()
        return Vocabulary.of(Counter(dict(zip(self.words, counts, strict=True))), size, least)

    def labelled(self, lexicon: Lexicon, names: Sequence[str]) -> Ragged:
        """Rows of (word id, bits of its places, whether it is in the function's name), to learn
        from."""
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
        """What some functions mention, as for a prediction."""
        found = self.rows.take(rows)
        words = [self.words[number] for number in found.values[:, 0].tolist()]
        values = np.array([lexicon.words[word] for word in words], np.int64)
        pairs = np.stack([values, found.values[:, 1].astype(np.int64)], axis=1)
        return Mentions(Ragged(pairs, found.offsets), words)


def _block(functions: Sequence[Function], folder: Path) -> Path:
    """The file with what the functions mention, written now if it is missing."""
    key = fingerprint("\0".join([str(FORMAT), *(function.code for function in functions)]))
    path = folder / f"{key}.npz"
    if path.exists():
        return path
    known: dict[str, int] = {}
    rows = [
        [(known.setdefault(word, len(known)), places) for word, places in found.items()]
        for found in (mentioned(function.code) for function in functions)
    ]
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        np.savez(
            file,
            values=np.array([one for row in rows for one in row], np.int32).reshape(-1, 2),
            offsets=np.cumsum([0, *map(len, rows)]),
            words="\n".join(known),
        )
    partial.rename(path)
    return path

"""Path-contexts of a corpus, kept on disk in blocks, so that an interrupted run loses one block at
most; and the vocabularies that are counted from them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from more_itertools import sliced
from numpy.typing import ArrayLike
from tqdm import tqdm

from embeddings.checkpoints import PathSettings
from embeddings.networks.vocabulary import (
    ContextBatch,
    Ids,
    Lexicon,
    Ragged,
    Vocabulary,
    collate,
    path_key,
    subtokens,
)
from embeddings.paths import contexts
from embeddings.training.corpus.functions import Function, fingerprint
from embeddings.types import PathContext

BLOCK = 4096


@dataclass(frozen=True, slots=True)
class VocabularySizes:
    """The largest size of each vocabulary, and how often a word must occur to be in it."""

    subtokens: int = 20_000
    paths: int = 40_000
    labels: int = 40_000
    least_subtokens: int = 5
    least_paths: int = 5
    least_labels: int = 2


@dataclass(frozen=True, slots=True)
class CorpusContexts:
    """The path-contexts of many functions. Rows of `triples` are (start word, path, end word),
    indices into `words` (a token's subtokens, joined by spaces) and `paths`."""

    triples: Ragged
    words: list[str]
    paths: list[str]

    def lexicon(self, rows: Ids, sizes: VocabularySizes) -> Lexicon:
        """The vocabularies of the functions in `rows`, with no labels yet."""
        values = self.triples.take(rows).values
        paths = np.bincount(values[:, 1], minlength=len(self.paths))
        words = np.bincount(values[:, [0, 2]].ravel(), minlength=len(self.words))
        parts: Counter[str] = Counter()
        for word, count in zip(self.words, words.tolist(), strict=True):
            for part in word.split():
                parts[part] += count
        counted = Counter(dict(zip(self.paths, paths.tolist(), strict=True)))
        return Lexicon(
            Vocabulary.from_counts(parts, sizes.subtokens, sizes.least_subtokens),
            Vocabulary.from_counts(counted, sizes.paths, sizes.least_paths),
            Vocabulary(()),
        )


class IndexedContexts:
    """Path-contexts in the ids of a lexicon, from which batches are drawn."""

    def __init__(self, contexts: CorpusContexts, lexicon: Lexicon) -> None:
        paths = np.array([lexicon.paths[path] for path in contexts.paths], np.int64)
        values = contexts.triples.values.copy()
        values[:, 1] = paths[values[:, 1]]
        self._contexts = Ragged(values, contexts.triples.offsets)
        self._tokens = Ragged.from_rows(
            [[lexicon.subtokens[part] for part in word.split()] or [0] for word in contexts.words]
        )

    def batch(self, rows: Ids, limit: int, random: np.random.Generator) -> ContextBatch:
        """The functions in `rows`, each with at most `limit` of its contexts, drawn at random."""
        contexts = self._contexts.take(rows)
        if contexts.lengths().max(initial=0) > limit:
            contexts = _sampled(contexts, limit, random)
        return collate(contexts, self._tokens)


def path_contexts(
    functions: Sequence[Function], settings: PathSettings, folder: Path
) -> CorpusContexts:
    """The path-contexts of the functions, in their order, from the folder or computed now."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = list(sliced(functions, BLOCK))
    files = [folder / f"{_key(part, settings)}.npz" for part in parts]
    missing = {file: part for file, part in zip(files, parts, strict=True) if not file.exists()}
    write_blocks(missing, partial(_write, settings=settings), "path-contexts")
    return joined_contexts(files)


def joined_contexts(files: Iterable[Path]) -> CorpusContexts:
    """The rows of files with the arrays of `tabulated`, one file after the other."""
    words: dict[str, int] = {}
    paths: dict[str, int] = {}
    blocks: list[Ragged] = []
    for path in files:
        with np.load(path) as block:
            columns = block["triples"].astype(np.int64)
            for column, name, known in ((0, "words", words), (1, "paths", paths)):
                local = str(block[name]).split("\n")
                numbers = np.array([known.setdefault(text, len(known)) for text in local])
                columns[:, column] = numbers[columns[:, column]]
                if name == "words":
                    columns[:, 2] = numbers[columns[:, 2]]
            blocks.append(Ragged(columns.astype(np.int32), block["offsets"]))
    empty = Ragged(np.zeros((0, 3), np.int32), np.zeros(1, np.int64))
    return CorpusContexts(Ragged.joined([empty, *blocks]), list(words), list(paths))


def write_blocks(
    missing: Mapping[Path, Sequence[Function]],
    write: Callable[[Path, Sequence[Function]], None],
    name: str,
) -> None:
    """Writes the missing blocks, in parallel processes if there are several."""
    if len(missing) < 2:
        for path, part in missing.items():
            write(path, part)
        return
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        written = [pool.submit(write, path, part) for path, part in missing.items()]
        for block in tqdm(as_completed(written), name, len(written), unit="block"):
            block.result()


def _write(path: Path, functions: Sequence[Function], *, settings: PathSettings) -> None:
    rows = (
        contexts(function.code, function.language, hide_name=True, **asdict(settings))
        for function in functions
    )
    write_arrays(path, tabulated(rows))


def write_arrays(path: Path, arrays: Mapping[str, ArrayLike]) -> None:
    """Writes a file of arrays by their names; if this is interrupted, there is none."""
    unfinished = path.with_suffix(".partial")
    with unfinished.open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]
    unfinished.rename(path)


def tabulated(definitions: Iterable[Iterable[PathContext]]) -> dict[str, ArrayLike]:
    """The path-contexts of each definition: `triples` of (start word, path, end word) with
    `offsets`, and the distinct `words` and `paths`, a line each."""
    words: dict[str, int] = {}
    paths: dict[str, int] = {}
    rows: list[tuple[int, int, int]] = []
    offsets = [0]
    for own in definitions:
        for context in own:
            start, end = (" ".join(subtokens(leaf.token)) for leaf in (context.start, context.end))
            rows.append(
                (
                    words.setdefault(start, len(words)),
                    paths.setdefault(path_key(context), len(paths)),
                    words.setdefault(end, len(words)),
                )
            )
        offsets.append(len(rows))
    return {
        "triples": np.array(rows, np.int32).reshape(-1, 3),
        "offsets": np.array(offsets),
        "words": "\n".join(words),
        "paths": "\n".join(paths),
    }


def _key(functions: Sequence[Function], settings: PathSettings) -> str:
    return fingerprint("\0".join([str(settings), *(function.code for function in functions)]))


def _sampled(contexts: Ragged, limit: int, random: np.random.Generator) -> Ragged:
    """At most `limit` values of each row, chosen at random."""
    lengths = contexts.lengths()
    rows = np.repeat(np.arange(len(lengths)), lengths)
    order = np.lexsort((random.random(len(rows)), rows))
    places = np.arange(len(rows)) - np.repeat(contexts.offsets[:-1], lengths)
    sample = np.sort(order[places < limit])
    shorter = np.minimum(lengths, limit)
    return Ragged(contexts.values[sample], np.concatenate([[0], np.cumsum(shorter)]))

"""Speed of drafts on a CPU, whole and by their parts: `python -m benchmarks.drafts [FOLDER …]`.

Definitions come from the Python sources in the folders, by default this project and the installed
packages. Each figure is the median of the rounds, by the processor's time of one core.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from sysconfig import get_path
from typing import Any, TypeVar

import numpy as np
import torch
from more_itertools import sliced

from benchmarks import sources
from embeddings import checkpoints, drafts, paths
from embeddings.code.parsing import in_parser_thread
from embeddings.code.placed_words import Words, beginning, placed_words
from embeddings.code_encoder import NAMES
from embeddings.naming.mentions import mentioned_in
from embeddings.paths.tables import ContextTable
from embeddings.types import Matrix

PROJECT = Path(__file__).parents[1]
PROJECT_FOLDERS = [PROJECT / room for room in ("codeindex", "embeddings", "search")]
BATCH = 256
# What a vector takes. The text half by itself is part of both halves.
VECTORS = ("words", "path-contexts", "their ids", "code2vec", "both halves")
T = TypeVar("T")


def main() -> None:
    """Prints a line for each part."""
    options = _options()
    torch.set_num_threads(1)
    files = [file for file in sources.files_in(options.folders) if file.suffix == ".py"]
    np.random.default_rng(options.seed).shuffle(files)
    found = (definition.text for file in files for definition in sources.definitions_in(file))
    texts = list(islice(found, options.definitions))
    seconds: dict[str, list[float]] = {}
    for _ in range(options.rounds):
        _round(texts, options.checkpoint, seconds)
    length = sum(map(len, texts)) / len(texts)
    print(f"{len(texts)} definitions of {length:.0f} characters on average")
    medians = {part: statistics.median(spent) for part, spent in seconds.items()}
    whole = sum(medians[part] for part in VECTORS)
    for part, spent in {
        **medians,
        "vectors": whole,
        "with names": whole + medians["names"],
    }.items():
        print(f"{part:16} {len(texts) / spent:8.0f} a second, {1000 * spent / len(texts):.3f} ms")


def _round(texts: Sequence[str], name: str, seconds: dict[str, list[float]]) -> None:
    """Adds the seconds of each part; each works on the results of those before it."""
    checkpoint = checkpoints.load(name)
    draft, lexicon, network = drafts.load(checkpoint.folder), checkpoint.lexicon, checkpoint.network
    bounds = paths.Bounds(max_contexts=draft.settings.contexts)
    code2vec, source = network.code2vec.folded(), checkpoint.settings.labels
    labels = network.labels

    def contexts(batch: Sequence[str]) -> ContextTable:
        begun = [beginning(text, draft.settings.characters) for text in batch]
        return in_parser_thread(lambda: paths.table_of(begun, bounds=bounds))

    def named(words: Sequence[Words], code: Matrix) -> object:
        mentions = lexicon.mentions([mentioned_in(each) for each in words])
        vectors = torch.from_numpy(draft.label_vectors(code, source))
        with torch.inference_mode():
            return labels.compose(vectors, mentions if source.reads_words else None, NAMES)

    def timed(part: str, work: Callable[..., T], *columns: Sequence[Any]) -> list[T]:
        began = time.process_time()
        results = [work(*batch) for batch in zip(*columns, strict=True)]
        seconds.setdefault(part, []).append(time.process_time() - began)
        return results

    batches = list(sliced(texts, BATCH))
    words = timed("words", lambda batch: [placed_words(text) for text in batch], batches)
    timed("text half", lambda batch: draft.vectors(batch, None), words)
    tables = timed("path-contexts", contexts, batches)
    indexed = timed("their ids", lexicon.tabulated, tables)
    code = timed("code2vec", lambda batch: code2vec.vectors(batch).numpy(), indexed)
    timed("both halves", draft.vectors, words, code)
    timed("names", named, words, code)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.drafts", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument(
        "folders", type=Path, nargs="*", default=[*PROJECT_FOLDERS, Path(get_path("purelib"))]
    )
    parser.add_argument("--checkpoint", default="default", help="name or folder")
    parser.add_argument("--definitions", type=int, default=4096)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    main()

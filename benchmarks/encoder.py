"""How fast the language model of a checkpoint encodes on a CPU, and how well, by each runtime:
`python -m benchmarks.encoder [FOLDER …]`.

Definitions are drawn from the sources in the folders (by default this project and the installed
packages). The runtimes take turns within each round, so that a machine that is busy with other work
slows all of them; a figure is the median of the rounds, once by the clock and once by the time that
the processor spent, and the ratio that of the rounds' ratios to torch. Quality is the cosine to
torch's vectors, and the MRR with which functions are found by their docstring, which their code has
lost, among the others drawn.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from sysconfig import get_path

import numpy as np
import torch

from benchmarks import sources
from embeddings import checkpoints
from embeddings.evaluation import metrics
from embeddings.text.language_model import LanguageModel, Runtime
from embeddings.training.corpus.functions import (
    Function,
    UnsuitableCode,
    functions_in,
    training_function,
)
from embeddings.types import Definition

PROJECT = Path(__file__).parents[1]
PROJECT_FOLDERS = [PROJECT / room for room in ("codeindex", "embeddings", "search")]
ON_A_CPU = (Runtime.TORCH, Runtime.ONNX, Runtime.ONNX_INT8)


@dataclass(slots=True)
class Timed:
    """A runtime's rounds, in seconds by the clock and of the processor."""

    model: LanguageModel
    clock: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)

    def round(self, texts: Sequence[str]) -> None:
        began, spent = time.perf_counter(), time.process_time()
        self.model.encode(texts)
        self.clock.append(time.perf_counter() - began)
        self.processor.append(time.process_time() - spent)


def main() -> None:
    """Prints one line a runtime, for speed and for quality."""
    options = _options()
    torch.set_num_threads(options.threads)
    files = sources.files_in(options.folders)
    np.random.default_rng(options.seed).shuffle(files)  # type: ignore[arg-type]
    loaded = checkpoints.load(options.checkpoint)
    timed = {
        runtime: Timed(checkpoints.text_model(loaded, "cpu", runtime=runtime))
        for runtime in options.runtimes
    }
    if options.definitions:
        _print_speed(
            timed, [one.text for one in islice(_drawn(files), options.definitions)], options
        )
    if options.questions:
        _print_quality(timed, list(islice(_described(files), options.questions)))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.encoder", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument(
        "folders", type=Path, nargs="*", default=[*PROJECT_FOLDERS, Path(get_path("purelib"))]
    )
    parser.add_argument("--checkpoint", default="default", help="name or folder")
    parser.add_argument("--runtimes", type=Runtime, nargs="+", default=ON_A_CPU)
    parser.add_argument("--definitions", type=int, default=200, help="that are timed")
    parser.add_argument("--questions", type=int, default=400, help="docstrings that are asked")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def _drawn(files: Sequence[Path]) -> Iterator[Definition]:
    """One definition of each file, in turn the first, the second …"""
    for place, file in enumerate(files):
        found = sources.definitions_in(file)
        if found:
            yield found[place % len(found)]


def _described(files: Sequence[Path]) -> Iterator[Function]:
    """A Python function of each file that a docstring describes, if there is one."""
    for file in files:
        if file.suffix == ".py":
            fit = (one for one in _functions(file) if one.query)
            yield from islice(fit, 1)


def _functions(file: Path) -> Iterator[Function]:
    try:
        for one in functions_in(file.read_bytes()):
            try:
                yield training_function("", one.name, one.text, one.docstring)
            except UnsuitableCode:
                continue
    except UnsuitableCode:
        return


def _print_speed(
    timed: dict[Runtime, Timed], texts: Sequence[str], options: argparse.Namespace
) -> None:
    for one in timed.values():
        one.model.encode(texts[:8])
    for _ in range(options.rounds):
        for one in timed.values():
            one.round(texts)
    first = next(iter(timed.values()))
    tokens = sum(map(len, first.model.tokens(texts)))
    print(f"{len(texts)} definitions, {tokens} tokens, {options.threads} threads")
    for runtime, one in timed.items():
        print(
            f"{runtime:10} {_rate(texts, one.clock):7.1f} definitions/s "
            f"({_ratio(first.clock, one.clock):.2f} ×)"
            f"{_rate(texts, one.processor):9.1f} a second of the processor "
            f"({_ratio(first.processor, one.processor):.2f} ×)"
        )


def _rate(texts: Sequence[str], seconds: Sequence[float]) -> float:
    return len(texts) / statistics.median(seconds)


def _ratio(first: Sequence[float], other: Sequence[float]) -> float:
    return statistics.median(a / b for a, b in zip(first, other, strict=True))


def _print_quality(timed: dict[Runtime, Timed], asked: Sequence[Function]) -> None:
    queries, codes = [one.query for one in asked], [one.bare for one in asked]
    expected = None
    for runtime, one in timed.items():
        found, code = one.model.for_queries.encode(queries), one.model.encode(codes)
        expected = code if expected is None else expected
        cosines = (code * expected).sum(axis=1)
        mrr = metrics.mrr(metrics.ranks(found, code, range(len(code))))
        print(
            f"{runtime:10} MRR among {len(asked)}: {mrr}; cosine to the first runtime's vectors: "
            f"{cosines.mean():.4f}, at least {cosines.min():.4f}"
        )


if __name__ == "__main__":
    main()

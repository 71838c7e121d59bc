"""Speed and quality of the language model of a checkpoint on a CPU, for each runtime:
`python -m benchmarks.encoder [FOLDER …]`.

Definitions come from the sources in the folders, by default this project and the installed
packages. The runtimes take turns in each round, so that other work on the machine slows all of
them. Speeds are medians of the rounds, by the clock and by processor time; ratios to the first
runtime are medians of the rounds' ratios. Quality is the cosine to the vectors of the first
runtime, and the MRR of functions, found by their docstrings among each other; their code is encoded
without them.
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
class RuntimeTimes:
    """The seconds of a runtime's rounds, by the clock and of processor time."""

    model: LanguageModel
    clock: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)

    def round(self, texts: Sequence[str]) -> None:
        began, spent = time.perf_counter(), time.process_time()
        self.model.encode(texts)
        self.clock.append(time.perf_counter() - began)
        self.processor.append(time.process_time() - spent)


def main() -> None:
    """Prints a line for the speed and one for the quality of each runtime."""
    options = _options()
    torch.set_num_threads(options.threads)
    files = sources.files_in(options.folders)
    np.random.default_rng(options.seed).shuffle(files)  # type: ignore[arg-type]
    loaded = checkpoints.load(options.checkpoint)
    timed = {
        runtime: RuntimeTimes(checkpoints.text_model(loaded, "cpu", runtime=runtime))
        for runtime in options.runtimes
    }
    if options.definitions:
        _print_speed(
            timed,
            [one.text for one in islice(_one_per_file(files), options.definitions)],
            options,
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
    parser.add_argument("--definitions", type=int, default=200, help="to measure speed with")
    parser.add_argument("--questions", type=int, default=400, help="to measure quality with")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def _one_per_file(files: Sequence[Path]) -> Iterator[Definition]:
    """One definition of each file, at varying places."""
    for place, file in enumerate(files):
        definitions = sources.definitions_in(file)
        if definitions:
            yield definitions[place % len(definitions)]


def _described(files: Sequence[Path]) -> Iterator[Function]:
    """A Python function with a docstring of each file, if there is one."""
    for file in files:
        if file.suffix == ".py":
            described = (function for function in _functions(file) if function.query)
            yield from islice(described, 1)


def _functions(file: Path) -> Iterator[Function]:
    try:
        for function in functions_in(file.name, file.read_bytes()):
            try:
                yield training_function("", function)
            except UnsuitableCode:
                continue
    except UnsuitableCode:
        return


def _print_speed(
    timed: dict[Runtime, RuntimeTimes], texts: Sequence[str], options: argparse.Namespace
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
            f"{_rate(texts, one.processor):9.1f} a second of processor time "
            f"({_ratio(first.processor, one.processor):.2f} ×)"
        )


def _rate(texts: Sequence[str], seconds: Sequence[float]) -> float:
    return len(texts) / statistics.median(seconds)


def _ratio(first: Sequence[float], other: Sequence[float]) -> float:
    return statistics.median(a / b for a, b in zip(first, other, strict=True))


def _print_quality(timed: dict[Runtime, RuntimeTimes], functions: Sequence[Function]) -> None:
    texts = [function.query for function in functions], [function.bare for function in functions]
    expected = None
    for runtime, one in timed.items():
        queries, code = one.model.for_queries.encode(texts[0]), one.model.encode(texts[1])
        expected = code if expected is None else expected
        cosines = (code * expected).sum(axis=1)
        mrr = metrics.mrr(metrics.ranks(queries, code, range(len(code))))
        print(
            f"{runtime:10} MRR among {len(functions)}: {mrr}; cosine to the first runtime: "
            f"{cosines.mean():.4f}, at least {cosines.min():.4f}"
        )


if __name__ == "__main__":
    main()

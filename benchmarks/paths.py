"""How fast path-contexts are extracted: `python -m benchmarks.paths FOLDER [--java-extractor JAR]`.

Prints functions and methods per second for parsing the files of a folder alone, and for the whole
extraction (parse, definitions, leaves, paths), with path-contexts per second and the memory of the
largest process. On one core: processor time, the best of three rounds for each file. On all cores:
the clock, the best of three rounds. Processes and grammars are loaded before. With the jar of
tech-srl's JavaExtractor, its whole process is compared with ours on the folder's Java files, by the
clock, from start to written files, with the same bounds and without sampling.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import Pool
from pathlib import Path

from embeddings.code.languages import LANGUAGES, Language, language_by_path
from embeddings.code.parsing import UnreadableSource, parse
from embeddings.files.decoding import decode
from embeddings.paths import MAX_LENGTH, MAX_WIDTH, contexts
from embeddings.paths.mining import Choice, Mined, files_under, mined

LEAVES = 20_000
ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Counts:
    """The results of one file, the seconds of processor time that it took, and the peak memory of
    its process in MiB."""

    functions: int
    contexts: int
    seconds: float
    memory: float


def main() -> None:
    """Prints a line for each measurement."""
    options = _options()
    files = [file for file in files_under([options.folder]) if _source(file)]
    functions = sum(_whole(file).functions for file in files)
    print(f"{len(files):,} files, {functions:,} functions and methods in {options.folder}")
    for cores in sorted({1, options.cores}):
        alone = _measured(_parse_alone, files, cores)
        whole = _measured(_whole, files, cores)
        for what, (seconds, counts) in {"parse alone": alone, "whole": whole}.items():
            _print(f"{what}, {cores} core(s)", functions, seconds, counts)
        print(f"{'':24} whole at {alone[0] / whole[0]:.0%} of the rate of parsing alone")
    _print_large_function()
    if options.java_extractor:
        _compare(options.folder, options.java_extractor, options.cores)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.paths", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--java-extractor", type=Path, metavar="JAR")
    parser.add_argument("--cores", type=int, default=os.cpu_count() or 1)
    return parser.parse_args()


def _source(file: Path) -> tuple[str, Language] | None:
    language = language_by_path(file.name)
    try:
        return (decode(file.read_bytes(), language), language) if language else None
    except (OSError, UnreadableSource):
        return None


def _parse_alone(file: Path) -> Counts:
    started = time.process_time()
    source = _source(file)
    if source is not None:
        parse(source[0].encode("utf-8", "replace"), source[1])
    return _counts(0, 0, started)


def _whole(file: Path) -> Counts:
    started = time.process_time()
    found = mined(file, Choice())
    if isinstance(found, Mined):
        return _counts(len(found.entries), len(found.starts), started)
    return _counts(0, 0, started)


def _counts(functions: int, contexts: int, started: float) -> Counts:
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Counts(functions, contexts, time.process_time() - started, memory)


def _measured(
    work: Callable[[Path], Counts], files: list[Path], cores: int
) -> tuple[float, list[Counts]]:
    """The seconds that the work on all files takes, and the counts of each file."""
    elapsed, rounds = [], []
    with Pool(cores, initializer=_warm) as pool:
        pool.map(_idle, range(10 * cores))
        for _ in range(ROUNDS):
            started = time.perf_counter()
            rounds.append(pool.map(work, files, chunksize=4))
            elapsed.append(time.perf_counter() - started)
    if cores > 1:
        return min(elapsed), rounds[-1]
    each_best = [min(each.seconds for each in file) for file in zip(*rounds, strict=True)]
    return sum(each_best), rounds[-1]


def _print(what: str, functions: int, seconds: float, counts: list[Counts]) -> None:
    found = sum(each.contexts for each in counts)
    memory = max(each.memory for each in counts)
    print(
        f"{what:24} {seconds:7.2f} s {functions / seconds:9,.0f} functions/s "
        f"{found / seconds:11,.0f} contexts/s {memory:6.0f} MiB"
    )


def _warm() -> None:
    """Loads every grammar and what numpy loads at its first use."""
    for language in LANGUAGES:
        contexts("f(a, b)", language.name)


def _idle(_: int) -> None:
    time.sleep(0.02)


def _print_large_function() -> None:
    text = "def f(a, b):\n" + "    x = f(a, b)\n" * (LEAVES // 4)
    best = min(_seconds(text) for _ in range(5))
    print(f"a function with {LEAVES:,} leaves: {best * 1000:.0f} ms")


def _seconds(text: str) -> float:
    started = time.perf_counter()
    contexts(text)
    return time.perf_counter() - started


def _compare(folder: Path, jar: Path, cores: int) -> None:
    """Compares JavaExtractor and this project, in turn, by the best of three runs."""
    theirs = ["java", "-cp", str(jar), "JavaExtractor.App", "--dir", str(folder)]
    theirs += ["--max_path_length", str(MAX_LENGTH), "--max_path_width", str(MAX_WIDTH)]
    theirs += ["--num_threads", str(cores)]
    ours = [sys.executable, "-m", "embeddings.paths", str(folder), "--format", "code2vec"]
    ours += ["--max-contexts", "0", "--languages", "java", "--quiet", "--jobs", str(cores)]
    rates = {"JavaExtractor": 0.0, "ours": 0.0}
    for _ in range(ROUNDS):
        with _scratch() as scratch:
            lines = scratch / "lines"
            rates["JavaExtractor"] = max(rates["JavaExtractor"], _rate(theirs, lines, lines))
        with _scratch() as scratch:
            written = scratch / "out" / "path_contexts.c2s"
            command = [*ours, "--output", str(scratch / "out")]
            rates["ours"] = max(rates["ours"], _rate(command, scratch / "lines", written))
    for name, rate in rates.items():
        print(f"{name + ','} whole process, {cores} core(s): {rate:9,.0f} methods/s")
    print(f"{'':14} {rates['ours'] / rates['JavaExtractor']:.1f} times as many")


@contextmanager
def _scratch() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def _rate(command: list[str], output: Path, lines: Path) -> float:
    """Methods, one per written line, per second of a command's whole process."""
    with output.open("wb") as file:
        started = time.perf_counter()
        subprocess.run(command, stdout=file, stderr=subprocess.DEVNULL, check=True)
        elapsed = time.perf_counter() - started
    with lines.open("rb") as file:
        return sum(1 for _ in file) / elapsed


if __name__ == "__main__":
    main()

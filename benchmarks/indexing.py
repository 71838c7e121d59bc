"""How long a whole first index takes, beside its parts: `python -m benchmarks.indexing REPOSITORY`.

Runs `manage.py index` on a git repository with a new private database, and again on the database
that this leaves. Prints for both the seconds from the command until the code is searchable by
meaning, definitions per second, the seconds of each stage, and the seconds until the command has
ended, with the vector index. Then, in the same run, by the processor's time of one core: parsing
the repository's source files alone, reading their definitions, and drafting the vectors of the
distinct ones.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from itertools import chain
from operator import attrgetter
from pathlib import Path
from typing import TypeVar

import torch
from more_itertools import bucket, chunked, unique_everseen

from benchmarks import sources
from embeddings import CodeEncoder, load_encoder
from embeddings.code.languages import language_by_path
from embeddings.code.parsing import in_parser_thread, parse
from embeddings.types import Definition, Runtime

PROJECT = Path(__file__).parents[1]
SUMMARY = re.compile(r" at \w+: ([\d,]+) definitions? in ([\d,]+) files?")
STAGE = re.compile(r"^  (\w+) +([\d.]+) s ")
BATCH = 1_024
T = TypeVar("T")
text_of, language_of = attrgetter("text"), attrgetter("language")


def main() -> None:
    """Prints a line for each run and for each part."""
    options = _options()
    with tempfile.TemporaryDirectory() as home:
        _index("first index", options.repository, Path(home))
        _index("second, of the same commit", options.repository, Path(home))
    torch.set_num_threads(1)
    in_parser_thread(lambda: _parts(options.repository))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.indexing", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("repository", type=Path, help="the folder of a git repository")
    return parser.parse_args()


def _index(what: str, repository: Path, home: Path) -> None:
    stages, searchable, definitions = [], 0.0, 0
    began = time.perf_counter()
    with closing(_command(repository, home)) as lines:
        for line in lines:
            if summary := SUMMARY.search(line):
                searchable = time.perf_counter() - began
                definitions = int(summary[1].replace(",", ""))
            elif stage := STAGE.match(line):
                stages.append(f"{stage[1]} {stage[2]} s")
    whole = time.perf_counter() - began
    print(
        f"{what}: {definitions:,} definitions, searchable by meaning after {searchable:.1f} s,"
        f" {definitions / searchable:,.0f} a second; ended after {whole:.1f} s"
    )
    print(f"  {', '.join(stages)}", flush=True)


def _command(repository: Path, home: Path) -> Iterator[str]:
    """What the command prints, line by line, as it comes."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", "index", str(repository.resolve()), "--name", "benchmark"],
        cwd=PROJECT,
        env=os.environ | {"CODEINDEX_HOME": str(home), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    yield from process.stdout
    if process.wait():
        sys.exit(f"The command ended with status {process.returncode}.")


def _parts(folder: Path) -> None:
    """Parsing, reading and drafting, each by itself."""
    files = sources.files_in([folder])
    for file in files:  # loads the grammars
        _parse(file, b"")
    contents = [file.read_bytes() for file in files]
    _, parsing = _timed(lambda: [*map(_parse, files, contents)])
    found, reading = _timed(lambda: [*chain.from_iterable(map(sources.definitions_in, files))])
    texts = list(unique_everseen(found, key=text_of))
    encoder = load_encoder(runtime=Runtime.ONNX_INT8)
    encoder.draft(["def warm(): pass"])
    _, drafting = _timed(lambda: _draft(encoder, texts))
    _print("parsing alone", len(found), parsing)
    _print("reading", len(found), reading)
    _print("drafting", len(texts), drafting)


def _draft(encoder: CodeEncoder, definitions: Sequence[Definition]) -> None:
    by_language = bucket(definitions, key=language_of)
    for language in by_language:
        for batch in chunked(map(text_of, by_language[language]), BATCH):
            encoder.draft(batch, language)


def _parse(file: Path, content: bytes) -> None:
    language = language_by_path(file.name)
    assert language is not None
    parse(content, language)


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    began = time.process_time()
    return work(), time.process_time() - began


def _print(part: str, definitions: int, seconds: float) -> None:
    print(
        f"{part:16} {definitions / seconds:10,.0f} definitions a second and core, {seconds:.1f} s"
    )


if __name__ == "__main__":
    main()

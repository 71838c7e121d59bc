"""`python -m embeddings.paths PATH… --format {jsonl,code2vec}` writes the path-contexts of the
definitions in files and folders."""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from tqdm import tqdm

from embeddings.code.languages import FILE_TYPES, syntax_of
from embeddings.paths import CODE, MAX_CONTEXTS, MAX_LENGTH, MAX_WIDTH, Bounds
from embeddings.paths.formats import Code2Vec, JsonLines, Writer
from embeddings.paths.mining import Choice, Skipped, files_under, mine, type_with_paths
from embeddings.types import Kind

LONGEST = 100
"""The largest `--max-length`, since time and memory grow with it."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Writes the contexts, shows progress, and prints a summary."""
    options = _parser().parse_args(arguments)
    files = _files(options)
    found: Counter[str] = Counter()
    skipped: Counter[str] = Counter()
    with ExitStack() as stack:
        writer = _writer(options, stack)
        mined = mine(files, _choice(options), options.jobs)
        for each in tqdm(mined, total=len(files), unit="file", disable=options.quiet):
            if isinstance(each, Skipped):
                skipped[each.reason] += 1
                continue
            writer.write(each)
            found += Counter(files=1, definitions=len(each.entries), contexts=len(each.starts))
    if not options.quiet:
        _report(found, skipped)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m embeddings.paths",
        description="Write the path-contexts of the definitions in files and folders.",
    )
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    parser.add_argument("--format", choices=("jsonl", "code2vec"), default="jsonl")
    parser.add_argument(
        "--output",
        type=Path,
        help="the file for jsonl (default: standard output), the folder for code2vec",
    )
    parser.add_argument("--max-length", type=int, default=MAX_LENGTH, metavar="N")
    parser.add_argument("--max-width", type=int, default=MAX_WIDTH, metavar="N")
    parser.add_argument(
        "--max-contexts",
        type=int,
        default=MAX_CONTEXTS,
        metavar="N",
        help="per definition, sampled if there are more (default: %(default)s; 0: all)",
    )
    parser.add_argument("--kinds", nargs="+", choices=[*Kind], default=[*CODE], type=Kind)
    names = [each.name for each in FILE_TYPES if syntax_of(each.name)]
    parser.add_argument("--languages", nargs="+", choices=names, default=names)
    parser.add_argument(
        "--keep-names", action="store_true", help="do not hide the definitions' own names"
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N")
    parser.add_argument("--quiet", action="store_true", help="no progress bar, no summary")
    return parser


def _files(options: argparse.Namespace) -> list[Path]:
    """The files to mine; exits if the options are invalid."""
    if missing := [str(path) for path in options.paths if not path.exists()]:
        sys.exit(f"No such file or folder: {', '.join(missing)}")
    if options.format == "code2vec" and options.output is None:
        sys.exit("--format code2vec writes a folder: name it with --output")
    if not 0 <= options.max_length <= LONGEST or options.max_width < 0:
        sys.exit(f"--max-length must be from 0 to {LONGEST}, --max-width at least 0")
    if options.jobs < 1 or options.max_contexts < 0:
        sys.exit("--jobs must be at least 1, --max-contexts at least 0")
    types = [(file, type_with_paths(file)) for file in files_under(options.paths)]
    return [file for file, known in types if not known or known.name in options.languages]


def _choice(options: argparse.Namespace) -> Choice:
    bounds = Bounds(options.max_length, options.max_width, options.max_contexts or None)
    return Choice(bounds, frozenset(options.kinds), hide_name=not options.keep_names)


def _writer(options: argparse.Namespace, stack: ExitStack) -> Writer:
    if options.format == "code2vec":
        return stack.enter_context(Code2Vec(options.output))
    if options.output is None:
        return stack.enter_context(JsonLines(sys.stdout))
    file = stack.enter_context(options.output.open("w", encoding="utf-8"))
    return stack.enter_context(JsonLines(file))


def _report(found: Counter[str], skipped: Counter[str]) -> None:
    numbers = ", ".join(f"{found[what]:,} {what}" for what in ("files", "definitions", "contexts"))
    print(numbers, file=sys.stderr)
    for reason, count in skipped.most_common():
        print(f"skipped {count:,}: {reason}", file=sys.stderr)


if __name__ == "__main__":
    try:
        main()
    except BrokenPipeError:  # the reader of the output has closed it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

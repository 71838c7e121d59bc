"""The training command's `corpus`: its options, and the sources that they name."""

from __future__ import annotations

import argparse
import json
import sysconfig
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from embeddings.training.corpus import corpora, packages, repositories
from embeddings.training.corpus.corpora import Exclusions
from embeddings.training.corpus.json_lines import CodeSearchNet, Export
from embeddings.training.corpus.projects import canonical
from embeddings.training.corpus.sources import Source, SourceUnavailable


def add_to(parser: argparse.ArgumentParser) -> None:
    """Adds the options and what runs them."""
    parser.add_argument("--installed", action="store_true", help="this environment's packages")
    parser.add_argument("--standard-library", action="store_true")
    parser.add_argument("--packages", type=Path, action="append", default=[], metavar="FOLDER")
    parser.add_argument(
        "--repositories", type=Path, action="append", default=[], metavar="MANIFEST",
        help="git repositories: url, commit and licence of each, in TOML or JSON",
    )  # fmt: skip
    parser.add_argument(
        "--checkouts", type=Path, metavar="FOLDER",
        help="where repositories are cloned (OUT/checkouts)",
    )  # fmt: skip
    parser.add_argument(
        "--codesearchnet", type=Path, action="append", default=[], metavar="JSONL.GZ",
    )  # fmt: skip
    parser.add_argument("--licence", default="", help="of the files of --codesearchnet")
    parser.add_argument(
        "--export", type=Path, action="append", default=[], metavar="JSONL",
        help="what `manage.py export-definitions` wrote",
    )  # fmt: skip
    parser.add_argument(
        "--leave-out", type=Path, action="append", default=[], metavar="FILE",
        help="repositories (owner/name, one a line) whose projects are left out",
    )  # fmt: skip
    parser.add_argument("--exclude", nargs="*", default=[], metavar="PROJECT")
    parser.add_argument(
        "--without", type=Path, action="append", default=[], metavar="JSONL",
        help="evaluation data: functions that occur in it, or nearly, are left out",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, required=True)
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> None:
    exclusions = Exclusions(
        repositories=frozenset(chain.from_iterable(map(_lines, options.leave_out))),
        packages=frozenset(map(canonical, options.exclude)),
        functions=tuple(chain.from_iterable(map(_codes, options.without))),
    )
    try:
        corpora.build(list(_sources(options)), exclusions, options.out)
    except SourceUnavailable as error:
        raise SystemExit(str(error)) from error
    print(f"{len(corpora.read(options.out)):,} functions in {options.out}")


def _sources(options: argparse.Namespace) -> Iterator[Source]:
    if options.standard_library:
        yield packages.standard_library()
    own = [Path(sysconfig.get_path("purelib"))] if options.installed else []
    for folder in (*own, *options.packages):
        yield from packages.installed(folder)
    for manifest in options.repositories:
        yield from repositories.listed(manifest, options.checkouts or options.out / "checkouts")
    yield from (CodeSearchNet(path, options.licence) for path in options.codesearchnet)
    yield from map(Export, options.export)


def _lines(path: Path) -> Iterator[str]:
    return (line.strip().lower() for line in path.read_text().splitlines() if line.strip())


def _codes(path: Path) -> Iterator[str]:
    """The functions in a file of JSON lines with a `code`."""
    with path.open(encoding="utf-8") as file:
        yield from (json.loads(line)["code"] for line in file)

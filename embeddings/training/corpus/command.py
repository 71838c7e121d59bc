"""The command `corpus`: its options, and the sources that they name."""

from __future__ import annotations

import argparse
import json
import sysconfig
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from embeddings.training.corpus import corpora, packages, repositories, splits
from embeddings.training.corpus.corpora import Exclusions
from embeddings.training.corpus.json_lines import CodeSearchNet, Export
from embeddings.training.corpus.projects import canonical
from embeddings.training.corpus.sources import Source, SourceUnavailable


def add_to(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--installed", action="store_true", help="this environment's packages")
    parser.add_argument("--standard-library", action="store_true", help="Python's own library")
    parser.add_argument(
        "--packages", type=Path, action="append", default=[], metavar="FOLDER",
        help="the packages in a folder such as site-packages",
    )  # fmt: skip
    parser.add_argument(
        "--repositories", type=Path, action="append", default=[], metavar="MANIFEST",
        help="git repositories: a TOML or JSON file with the url, commit and licence of each",
    )  # fmt: skip
    parser.add_argument(
        "--checkouts", type=Path, metavar="FOLDER",
        help="folder to clone repositories into (OUT/checkouts)",
    )  # fmt: skip
    parser.add_argument(
        "--codesearchnet", type=Path, action="append", default=[], metavar="JSONL.GZ",
        help="a file of CodeSearchNet as published",
    )  # fmt: skip
    parser.add_argument("--licence", default="", help="of the files of --codesearchnet")
    parser.add_argument(
        "--export", type=Path, action="append", default=[], metavar="JSONL",
        help="the output of `manage.py export-definitions`",
    )  # fmt: skip
    parser.add_argument(
        "--leave-out", type=Path, action="append", default=[], metavar="FILE",
        help="repositories (owner/name, one per line) whose projects are left out",
    )  # fmt: skip
    parser.add_argument(
        "--exclude", nargs="*", default=[], metavar="PROJECT", help="projects that are left out"
    )
    parser.add_argument(
        "--without", type=Path, action="append", default=[], metavar="JSONL",
        help="evaluation data: its functions and near duplicates of them are left out",
    )  # fmt: skip
    parser.add_argument(
        "--splits", type=Path, metavar="MANIFEST",
        help="the manifest.json of an earlier corpus, whose projects keep their splits",
    )  # fmt: skip
    parser.add_argument(
        "--most-per-project", type=int, metavar="N",
        help="take at most N functions of each project, those with a docstring first",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, required=True, help="folder of the corpus")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> None:
    exclusions = Exclusions(
        repositories=frozenset(chain.from_iterable(map(_lines, options.leave_out))),
        packages=frozenset(map(canonical, options.exclude)),
        functions=tuple(chain.from_iterable(map(_codes, options.without))),
    )
    earlier = splits.earlier_splits(options.splits) if options.splits else {}
    try:
        corpora.build(
            list(_sources(options)), exclusions, options.out, earlier, options.most_per_project
        )
    except SourceUnavailable as error:
        raise SystemExit(str(error)) from error
    print(f"{len(corpora.read(options.out)):,} functions in {options.out}")


def _sources(options: argparse.Namespace) -> Iterator[Source]:
    if options.standard_library:
        yield packages.standard_library()
    own = [Path(sysconfig.get_path("purelib"))] if options.installed else []
    for folder in (*own, *options.packages):
        yield from packages.installed_packages(folder)
    for manifest in options.repositories:
        yield from repositories.listed_repositories(
            manifest, options.checkouts or options.out / "checkouts"
        )
    yield from (CodeSearchNet(path, options.licence) for path in options.codesearchnet)
    yield from map(Export, options.export)


def _lines(path: Path) -> Iterator[str]:
    return (line.strip().lower() for line in path.read_text().splitlines() if line.strip())


def _codes(path: Path) -> Iterator[str]:
    """The `code` of each row in a file of JSON lines."""
    with path.open(encoding="utf-8") as file:
        yield from (json.loads(line)["code"] for line in file)

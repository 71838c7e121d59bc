"""How an index of vectors grows, what its alternatives save, and what two servers do together.

    CODEINDEX_HOME=COPY python -m benchmarks.scale export vectors.npz
    python -m benchmarks.scale measure vectors.npz --part growth --count 1000000 --record rows.jsonl
    python -m benchmarks.scale table rows.jsonl

`export` writes the vectors of an index, and those of 200 of its docstrings as queries. `measure`
puts any number of them, as replicas with noise, into a private PostgreSQL, whose folder it removes
afterwards unless `--keep` is given, and appends a line of JSON for each figure:

- growth: size, time and memory of an HNSW index of halves of floats, and of one of signs whose
  candidates are ranked again by their vectors; recall against exact search and latency by
  ef_search; rows that are inserted in a second under the index;
- permissions: users who may see 0.1, 1 and 10 % of all: iterative scans of the whole index, exact
  comparison, and an index of what they see alone;
- spaces: partial indexes in one table, or a partition for each space;
- servers: one server, and two whose answers are merged.

No index is built for longer than `--minutes`. `table` prints the lines as Markdown.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

PARTS = ("growth", "permissions", "spaces", "servers")
INDEXES = ("halfvec", "bits, ranked again")


def main() -> None:
    options = _options()
    if options.action == "export":
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "codeindex.settings")
        import_module("django").setup()
        import_module("benchmarks.scaling.export").export(options.file)
    elif options.action == "table":
        _print_tables(options.file)
    else:
        _measure(options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    actions = parser.add_subparsers(dest="action", required=True)
    for action in ("export", "table"):
        actions.add_parser(action).add_argument("file", type=Path)
    measure = actions.add_parser("measure")
    measure.add_argument("file", type=Path, help="what `export` has written")
    measure.add_argument("--part", choices=PARTS, required=True)
    measure.add_argument("--count", type=int, default=100_000)
    measure.add_argument("--index", choices=INDEXES, action="append", help="of growth; both")
    measure.add_argument("--minutes", type=float, default=30, help="at most for each index")
    measure.add_argument("--folder", type=Path, help="for the database; a temporary one")
    measure.add_argument("--keep", action="store_true", help="the folder, for the next part")
    measure.add_argument("--record", type=Path, metavar="FILE")
    return parser.parse_args()


def _measure(options: argparse.Namespace) -> None:
    folder = options.folder or Path(tempfile.mkdtemp())
    began = time.perf_counter()
    try:
        for row in _rows(options, folder):
            line = json.dumps(row)
            print(line, flush=True)
            if options.record:
                with options.record.open("a") as file:
                    file.write(line + "\n")
    finally:
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)
    print(f"{(time.perf_counter() - began) / 60:.1f} minutes")


def _rows(options: argparse.Namespace, folder: Path) -> Iterator[dict[str, object]]:
    real = import_module("benchmarks.scaling.vectors").Real.load(options.file)
    part, seconds = options.part, 60 * options.minutes
    if part == "servers":
        shards = import_module("benchmarks.scaling.shards")
        yield from shards.measure(folder, real, options.count, seconds)
        return
    with import_module("benchmarks.scaling.server").running(folder) as cursor:
        if part == "growth":
            growth = import_module("benchmarks.scaling.growth")
            names = options.index or list(INDEXES)
            yield from growth.measure(cursor, real, options.count, names, seconds)
        else:
            permissions = import_module("benchmarks.scaling.permissions")
            measure = permissions.measure if part == "permissions" else permissions.spaces
            yield from measure(cursor, real, options.count, seconds)


def _print_tables(file: Path) -> None:
    """A table for each part and each set of columns, in the order of the lines."""
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    seen: list[tuple[str, ...]] = []
    for row in rows:
        if (columns := tuple(row)) not in seen:
            seen.append(columns)
    for columns in seen:
        print("| " + " | ".join(columns) + " |\n|" + "---|" * len(columns))
        for row in rows:
            if tuple(row) == columns:
                print("| " + " | ".join(_cell(name, row[name]) for name in columns) + " |")
        print()


def _cell(name: str, value: object) -> str:
    if isinstance(value, list):
        return ", ".join(_cell(name, each) for each in value)
    if isinstance(value, float) and name not in ("bytes", "memory"):
        return f"{value:,.3f}" if value < 10 else f"{value:,.1f}"
    if name in ("bytes", "memory", "table_bytes"):
        return f"{float(str(value)) / 1e6:,.0f} MB"
    return f"{value:,}" if isinstance(value, int) else str(value)


if __name__ == "__main__":
    main()

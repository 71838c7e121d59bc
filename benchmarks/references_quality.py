"""How well references are found: `python -m benchmarks.references_quality < LINES`.

Each line is JSON: a definition in an indexed repository and its references, as another tool finds
them (`references_by_jedi.py` and its siblings). Prints for each, and for all of a repository, how
many of these codeindex lists (recall) and how many of those that it lists are among them
(precision): without the ones that it calls unlikely, and with them. Lines of the definition itself
do not count.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import defaultdict
from importlib import import_module

import django

Lines = set[tuple[str, int]]


def main() -> None:
    """Prints a line for each definition and each repository."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.references_quality")
    parser.add_argument("--misses", action="store_true", help="print what differs, too")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "codeindex.settings")
    django.setup()
    services = import_module("codeindex.local_services")
    with services.ensure_services():
        _compare(options.misses)


def _compare(show_misses: bool) -> None:
    ours_of = import_module("benchmarks.references_listed").listed
    totals = defaultdict(lambda: [0] * 5)
    for line in filter(str.strip, sys.stdin):
        given = json.loads(line)
        own, likely, unlikely = ours_of(given["repository"], given["path"], given["name"])
        theirs = {(path, line) for path, line in given["references"]} - own
        listed = likely | unlikely
        counts = [
            len(theirs), len(likely), len(theirs & likely), len(listed), len(theirs & listed)
        ]  # fmt: skip
        totals[given["repository"]] = [
            *map(sum, zip(totals[given["repository"]], counts, strict=True))
        ]
        print(f"{given['repository']} {given['name']}: {_written(counts)}")
        if show_misses:
            print(f"  not listed: {sorted(theirs - listed)}")
            print(f"  unlikely, but found: {sorted(theirs & unlikely)}")
            print(f"  likely, but not found: {sorted(likely - theirs)}")
    for repository, counts in totals.items():
        print(f"{repository}, all: {_written(counts)}")


def _written(counts: list[int]) -> str:
    theirs, likely, right, listed, right_of_all = counts
    return (
        f"{theirs} references; likely ones: recall {_share(right, theirs)}, precision"
        f" {_share(right, likely)}; all: recall {_share(right_of_all, theirs)}, precision"
        f" {_share(right_of_all, listed)}"
    )


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.2f}" if whole else "–"


if __name__ == "__main__":
    main()

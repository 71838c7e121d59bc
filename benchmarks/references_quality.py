"""How well references are found: `python -m benchmarks.references_quality < LINES`.

Each line is JSON: a definition in an indexed repository and its references, as another tool finds
them (`references_by_jedi.py` and its siblings). Prints for each, and for all of a repository, how
many of these codeindex lists (recall) and how many of those that it lists are among them
(precision): of the ones in the same file or near, of all that it does not call unlikely, and of
all. Lines of the definition itself do not count.
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
    totals: dict[str, list[int]] = defaultdict(lambda: [0] * 7)
    for line in filter(str.strip, sys.stdin):
        given = json.loads(line)
        own, listed = ours_of(given["repository"], given["path"], given["name"])
        theirs = {(path, line) for path, line in given["references"]} - own
        counts = [len(theirs), *(n for each in listed for n in (len(each), len(theirs & each)))]
        total = totals[given["repository"]]
        total[:] = map(sum, zip(total, counts, strict=True))
        print(f"{given['repository']} {given['name']}: {_written(counts)}")
        if show_misses:
            print(f"  not listed: {sorted(theirs - listed[-1])}")
            print(f"  unlikely, but found: {sorted(theirs & listed[-1] - listed[1])}")
            print(f"  likely, but not found: {sorted(listed[1] - theirs)}")
    for repository, counts in totals.items():
        print(f"{repository}, all: {_written(counts)}")


def _written(counts: list[int]) -> str:
    theirs, *pairs = counts
    groups = zip(("near", "likely", "all"), pairs[::2], pairs[1::2], strict=True)
    return f"{theirs} references; " + "; ".join(
        f"{group}: recall {_share(right, theirs)}, precision {_share(right, listed)}"
        for group, listed, right in groups
    )


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.2f}" if whole else "–"


if __name__ == "__main__":
    main()

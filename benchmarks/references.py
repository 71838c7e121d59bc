"""How long references take to find in a large index: `python -m benchmarks.references [--grow N]`.

Copies the repositories that are indexed, without vectors, until so many definitions are live. Then
asks for the references, callers and callees of definitions with names of different frequency, five
times each, and prints the median and the largest time, and what was found. Names can be given
instead. With --plan it prints how Postgres finds the files of each.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from importlib import import_module

import django


def main() -> None:
    """Prints the figures as they are measured."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "codeindex.settings")
    django.setup()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.references", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--grow", type=int, default=0, metavar="N", help="definitions in all")
    parser.add_argument("--plan", action="store_true", help="print the plans of the statement")
    parser.add_argument("names", nargs="*", metavar="NAME")
    import_module("benchmarks.references_speed").measure(parser.parse_args())


def timed(work: Callable[[], object], times: int = 5) -> tuple[float, float]:
    """The median and the largest of some times, in milliseconds."""
    seconds = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return 1000 * statistics.median(seconds), 1000 * max(seconds)


if __name__ == "__main__":
    main()

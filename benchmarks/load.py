"""Searches and indexing at the same time: `python -m benchmarks.load REPOSITORY --minutes 60`.

Starts what `make run` starts, in CODEINDEX_HOME, which should be new, and indexes a git repository
as it was some commits ago, until its vectors are refined: half an hour for 50,000 definitions on
two cores. Then `--clients` clients search over HTTP, each as a user of its own, with pauses between
their requests: for a sixth of the time alone; then while the repository's later commits are pushed
one after the other, and forks of it are registered, indexed and removed. No limit of the product is
raised.

Prints for every ten minutes how many requests there were, the median and 95th percentile of their
latency, refusals (429 and 503 with Retry-After), and errors, which are all other failures; and at
the end the memory of each program, how it grew, and how much indexing slowed searching. `--record`
appends all of it to a file as JSON.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from benchmarks import programs


def main() -> None:
    """Prints the figures as they are measured."""
    options = _options()
    os.environ.setdefault("PORT", "8471")
    programs.measure("mixed_load", options)


def _options() -> argparse.Namespace:
    parser = programs.parser("load", __doc__)
    parser.add_argument("repository", type=Path, help="a git repository with its history")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--pause", type=float, default=1.0, help="mean seconds between requests")
    parser.add_argument("--commits", type=int, default=1_000, help="that are pushed at most")
    parser.add_argument("--record", type=Path, metavar="FILE", help="append the figures as JSON")
    return parser.parse_args()


if __name__ == "__main__":
    main()

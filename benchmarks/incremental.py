"""What a commit costs: `python -m benchmarks.incremental REPOSITORY`.

Indexes a git repository as it was some commits ago, in CODEINDEX_HOME, which should be new; then
each later commit, by first parents; then a commit that renames all folders, a second branch, and a
fork. All of it runs in this process, with the encoder already loaded: this is what a worker takes,
without the start of a command. Prints the seconds of each run, from its start until no vector is
missing, with its share of the full run and the number of texts that were encoded for it.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks import programs


def main() -> None:
    """Prints the figures as they are measured."""
    options = _options()
    programs.measure("commits", options)


def _options() -> argparse.Namespace:
    parser = programs.parser("incremental", __doc__)
    parser.add_argument("repository", type=Path, help="a git repository with its history")
    parser.add_argument("--commits", type=int, default=20)
    parser.add_argument("--record", type=Path, metavar="FILE", help="append the figures as JSON")
    return parser.parse_args()


if __name__ == "__main__":
    main()

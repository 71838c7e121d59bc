"""What refining does to the vector index: `python -m benchmarks.refining [--replacements N]`.

Uses the index in CODEINDEX_HOME, which should be one of its own: its vectors are overwritten, round
by round, as the language model's vectors replace drafts. Prints before, after each round, after a
vacuum and after the index is built anew: the replacements a second, the size of the index, its
recall of the ten nearest vectors, and the milliseconds of a query.
"""

from __future__ import annotations

import argparse

from benchmarks import programs


def main() -> None:
    """Prints the figures as they are measured."""
    options = _options()
    programs.measure("replaced_vectors", options)


def _options() -> argparse.Namespace:
    parser = programs.parser("refining", __doc__)
    parser.add_argument("--replacements", type=int, default=100_000, help="in all")
    parser.add_argument("--queries", type=int, default=200)
    return parser.parse_args()


if __name__ == "__main__":
    main()

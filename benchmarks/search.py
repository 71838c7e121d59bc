"""Speed and recall of the search: `python -m benchmarks.search`.

Uses the index in CODEINDEX_HOME, which should be one of its own: `--repositories` adds repositories
that are not in it, and `--grow` adds replicas until it has N definitions. Queries are the first
paragraphs of docstrings, each used once. One run measures the product over HTTP, with its own web
server, for one client and for several; the encoding of the same queries alone; pgvector's index
queried directly; and Annoy and hnswlib in memory, if they are installed. Then it measures the
recall of the vector search for filters and permissions that keep different shares of the texts.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from benchmarks import programs


def main() -> None:
    """Prints the figures as they are measured."""
    options = _options()
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # as the web server has it
    programs.measure("search_speed", options)


def _options() -> argparse.Namespace:
    parser = programs.parser("search", __doc__)
    parser.add_argument("--repositories", type=Path, nargs="*", default=[], metavar="PATH")
    parser.add_argument("--grow", type=int, metavar="N", help="add replicas up to N definitions")
    parser.add_argument("--queries", type=int, default=500, help="for one client, then for several")
    parser.add_argument("--clients", type=int, default=16, help="number of concurrent clients")
    parser.add_argument("--results", type=int, default=10, help="per query")
    parser.add_argument("--recall", type=int, default=200, help="queries to measure recall with")
    return parser.parse_args()


if __name__ == "__main__":
    main()

"""How fast the search answers, and how completely: `python -m benchmarks.search`.

Works on the index that CODEINDEX_HOME names, which should be one of its own: `--repositories`
indexes what is not in it yet, and `--grow` adds replicas until it has so many definitions. The
queries are first paragraphs of docstrings, each put once. In one run: the product over HTTP, by its
own web server, for one client and for several; the encoding of the same queries alone; pgvector's
index asked directly; Annoy and hnswlib in memory, where they are installed. Then the recall of the
vectors' part of the search, by the share of the texts that filters and permissions keep.
"""

from __future__ import annotations

import argparse
import os
from importlib import import_module
from pathlib import Path

import django


def main() -> None:
    """Prints the figures, as they come."""
    options = _options()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "codeindex.settings")
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # as the web server has it
    django.setup()
    import_module("benchmarks.searching").measure(options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.search", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--repositories", type=Path, nargs="*", default=[], metavar="PATH")
    parser.add_argument("--grow", type=int, metavar="N", help="replicas until N definitions")
    parser.add_argument("--queries", type=int, default=500, help="of one client, and of several")
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--results", type=int, default=10)
    parser.add_argument("--recall", type=int, default=200, help="queries that recall is taken of")
    return parser.parse_args()


if __name__ == "__main__":
    main()

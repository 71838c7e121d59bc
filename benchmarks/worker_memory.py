"""Whether a worker that embeds grows, or becomes slower:

python -m benchmarks.worker_memory PATH … [--texts 40000]

Takes distinct definitions from the source files below the paths, puts them into a new private
database as texts that wait for their vectors, and does in this process what a worker of the queue
`embed` does, batch by batch, with the encoder that the settings name (CODEINDEX_LLM,
CODEINDEX_RUNTIME and their like). Where the paths hold too few, texts are varied: each round leaves
out another line of them. Printed for each thousand texts are the memory that the process holds
afterwards (RSS), texts a second by the clock, and the processor's milliseconds a text, which say
the same on a machine that does other work as well; and at the end the last thousand beside the
first.

The first thousand begins after a batch that loads and warms the encoder.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from importlib import import_module

import django


def main() -> None:
    """Prints the figures."""
    options = _options()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "codeindex.settings")
    with tempfile.TemporaryDirectory() as home:
        os.environ["CODEINDEX_HOME"] = home
        django.setup()
        import_module("benchmarks.growing").measure(options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.worker_memory", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("paths", nargs="+", metavar="PATH")
    parser.add_argument("--texts", type=int, default=40_000)
    parser.add_argument("--every", type=int, default=1_000, help="so many texts are one row")
    return parser.parse_args()


if __name__ == "__main__":
    main()

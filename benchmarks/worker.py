"""How fast a worker embeds, from claimed rows to stored vectors:

python -m benchmarks.worker PATH …

Reads the git repositories into the index that CODEINDEX_HOME names, which should be a new one, and
then does in this process what a worker of the queue `embed` does, with the encoder that the
settings name (CODEINDEX_LLM and its like), while the vectors have no index yet. Printed are texts a
second for all of them; without the worker's first batches, which grow from 16 texts; and by the
encoder alone, which gets the same texts at once.

With --pretend the language model computes nothing: it takes the time that a GPU of so many tokens a
second would take, and no processor. What the rest of a worker can do beside such a GPU is then seen
without one.
"""

from __future__ import annotations

import argparse
import os
from importlib import import_module

import django


def main() -> None:
    """Prints the figures."""
    options = _options()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "codeindex.settings")
    django.setup()
    import_module("benchmarks.working").measure(options)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.worker", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("repositories", nargs="+", metavar="PATH")
    parser.add_argument("--texts", type=int, default=8192, help="that the encoder alone gets")
    parser.add_argument("--pretend", type=float, metavar="TOKENS", help="of a GPU, a second")
    return parser.parse_args()


if __name__ == "__main__":
    main()

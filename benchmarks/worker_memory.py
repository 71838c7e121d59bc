"""Whether a worker that embeds uses more and more memory or time:

python -m benchmarks.worker_memory PATH … [--texts 40000]

Takes distinct definitions from the source files under the paths, adds them to a new private
database as pending texts, and does in this process what a worker of the queue `embed` does, batch
by batch, with the encoder of the settings (CODEINDEX_LLM, CODEINDEX_RUNTIME and the like). If there
are too few definitions, variants of them are added, each without one of its lines. Prints for each
thousand texts the memory of the process (RSS), texts per second, and milliseconds of processor time
per text, which other work on the machine does not change; and finally the first and the last
thousand.

The first thousand begins after a batch that loads and warms the encoder.
"""

from __future__ import annotations

import argparse
import os
import tempfile

from benchmarks import programs


def main() -> None:
    """Prints the figures."""
    options = _options()
    with tempfile.TemporaryDirectory() as home:
        os.environ["CODEINDEX_HOME"] = home
        programs.measure("embedding_memory", options)


def _options() -> argparse.Namespace:
    parser = programs.parser("worker_memory", __doc__)
    parser.add_argument("paths", nargs="+", metavar="PATH")
    parser.add_argument("--texts", type=int, default=40_000, help="to embed in all")
    parser.add_argument("--every", type=int, default=1_000, help="texts per row of the output")
    return parser.parse_args()


if __name__ == "__main__":
    main()

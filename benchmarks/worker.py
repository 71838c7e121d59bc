"""How fast a worker embeds texts, from claimed rows to stored vectors:

python -m benchmarks.worker PATH …

Indexes the git repositories in CODEINDEX_HOME, which should be new, and then does in this process
what a worker of the queue `embed` does, with the encoder of the settings (CODEINDEX_LLM and the
like), before the vectors have an index. Prints texts per second of the worker; without its first
batches, which grow from 16 texts; and of the encoder alone, which gets the same texts at once.

With --pretend, the language model computes nothing: it waits for as long as a GPU with this rate
would take, without processor time. This shows without a GPU what the rest of a worker can do
beside one.
"""

from __future__ import annotations

import argparse

from benchmarks import programs


def main() -> None:
    """Prints the figures."""
    options = _options()
    programs.measure("embedding_rate", options)


def _options() -> argparse.Namespace:
    parser = programs.parser("worker", __doc__)
    parser.add_argument("repositories", nargs="+", metavar="PATH")
    parser.add_argument("--texts", type=int, default=8192, help="for the encoder alone")
    parser.add_argument("--pretend", type=float, metavar="TOKENS", help="per second, of a GPU")
    return parser.parse_args()


if __name__ == "__main__":
    main()

"""`python -m tests.fuzz COMMAND`: prints a table, and exits with 1 if anything was at fault."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.fuzz import installed
from tests.fuzz.agents import Agents
from tests.fuzz.definitions import Definitions
from tests.fuzz.git import Git
from tests.fuzz.queries import Queries
from tests.fuzz.running import LIMIT, Bounds, Fuzzer, run
from tests.fuzz.urls import Urls
from tests.fuzz.webhooks import Webhooks, targets

COMMANDS = {
    "definitions": "mutated sources through definitions and path-contexts",
    "queries": "queries, parameters and addresses of the pages and of REST",
    "urls": "clone URLs, with secrets and of hosts that must not be reached",
    "git": "odd repositories, through checkout and index",
    "agents": "messages of agents: tools with odd arguments, and what is no message",
    "webhooks": "bodies at every address that may change something",
}

LIMITS = {"git": 20.0}
"""Seconds for an input, where not the usual ones: a repository is made by many processes."""


def main() -> int:
    options = _options()
    limit = LIMITS.get(options.command, LIMIT)
    bounds = Bounds(options.start, options.count, options.seconds, options.jobs, limit)
    with _fuzzer(options) as fuzzer:
        tally = run(fuzzer, bounds, options.keep / options.command)
    rate = tally.inputs / max(tally.seconds, 1e-9)
    print(
        f"`python -m tests.fuzz {' '.join(sys.argv[1:])}`: inputs {options.start:,} to"
        f" {tally.next - 1:,} of seed {options.seed}, {tally.seconds:,.0f} s,"
        f" {rate:,.0f} a second\n\n{tally.table()}\n\nFaults: {len(tally.faults):,}"
    )
    for fault in tally.faults[:50]:
        print(f"- {fault}")
    return 1 if tally.faults else 0


@contextmanager
def _fuzzer(options: argparse.Namespace) -> Iterator[Fuzzer]:
    if options.command == "definitions":
        yield Definitions(options.seed, tuple(options.folders))
        return
    with installed.index():
        match options.command:
            case "urls":
                yield Urls(options.seed)
            case "git":
                yield Git(options.seed)
            case "agents":
                yield Agents(options.seed, installed.keys())
            case "queries":
                yield Queries(options.seed, installed.addresses())
            case _:
                yield Webhooks(options.seed, targets(installed.addresses()))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, told in COMMANDS.items():
        command = commands.add_parser(name, help=told)
        command.add_argument("--seed", default="0")
        command.add_argument("--start", type=int, default=0, help="the first input's number")
        command.add_argument("--count", type=int, default=1000)
        command.add_argument("--seconds", type=float, default=float("inf"))
        command.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
        command.add_argument(
            "--keep", type=Path, default=Path("runs/fuzz"), help="where inputs at fault are saved"
        )
        if name == "definitions":
            command.add_argument("folders", nargs="*", type=Path, help="sources to mutate")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

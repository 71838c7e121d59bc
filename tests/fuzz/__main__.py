"""`python -m tests.fuzz COMMAND`: prints a table, and exits with 1 if anything was at fault."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from tests.fuzz.definitions import Definitions, languages_of
from tests.fuzz.running import Bounds, run


def main() -> int:
    options = _options()
    fuzzer = Definitions(options.seed, tuple(options.folders))
    print(f"sources: {languages_of(options.folders)}")
    bounds = Bounds(options.start, options.count, options.seconds, options.jobs)
    tally = run(fuzzer, bounds, options.keep)
    rate = tally.inputs / max(tally.seconds, 1e-9)
    print(f"seed {options.seed}, inputs {options.start:,} to {tally.next:,},", end=" ")
    print(f"{tally.seconds:,.0f} s, {rate:,.0f} a second\n\n{tally.table()}\n")
    return 1 if tally.faults else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--seed", default="0")
    common.add_argument("--start", type=int, default=0, help="the first input's number")
    common.add_argument("--count", type=int, default=1000)
    common.add_argument("--seconds", type=float, default=float("inf"))
    common.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    common.add_argument(
        "--keep",
        type=Path,
        default=Path("runs/fuzz"),
        help="where inputs are saved that are at fault",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    definitions = commands.add_parser("definitions", parents=[common])
    definitions.add_argument("folders", nargs="*", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

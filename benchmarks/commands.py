"""How long a search takes from the command line, from the start of the process to its end.

    python -m benchmarks.commands "retry with backoff"

The server of CODEINDEX_HOME must be running. `manage.py search` is measured twice: as it asks that
server, and as it searches by itself, while the file by which it finds the server is away."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from codeindex.client import local_server

PROJECT = Path(__file__).parents[1]


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("query")
    parser.add_argument("--runs", type=int, default=20)
    arguments = parser.parse_args()
    python = [sys.executable, "-P"]
    client = [*python, "-m", "codeindex.client"]
    manage = [sys.executable, "manage.py", "search", arguments.query]
    measure("codeindex --help", [*client, "--help"], arguments.runs)
    measure("codeindex search", [*client, "search", arguments.query], arguments.runs)
    measure("manage.py search, asking the server", manage, arguments.runs)
    with no_server():
        measure("manage.py search, by itself", manage, arguments.runs)


@contextmanager
def no_server() -> Iterator[None]:
    """Commands find no server meanwhile."""
    folder = local_server.usual_folder()
    assert folder is not None
    file = folder / local_server.FILE
    kept = file.read_bytes()
    file.unlink()
    try:
        yield
    finally:
        file.touch(mode=0o600)
        file.write_bytes(kept)


def measure(name: str, command: Sequence[str], runs: int) -> None:
    """Prints the median and the range of the seconds that a command takes, and the median of its
    processor time, which other programs of the machine change less. The first run does not
    count."""
    taken = [time_command(command) for _ in range(runs + 1)][1:]
    elapsed = [each.elapsed for each in taken]
    busy = statistics.median(each.busy for each in taken)
    spread = f"({min(elapsed):.2f}–{max(elapsed):.2f})"
    print(f"{name:<38}{statistics.median(elapsed):6.2f} s {spread:<16}{busy:6.2f} s of a processor")


class Taken(NamedTuple):
    """Seconds."""

    elapsed: float
    busy: float


def time_command(command: Sequence[str]) -> Taken:
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    before, started = _busy(), time.perf_counter()
    subprocess.run(command, cwd=PROJECT, env=environment, check=True, capture_output=True)
    return Taken(time.perf_counter() - started, _busy() - before)


def _busy() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()

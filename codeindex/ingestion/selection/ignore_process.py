"""A program that matches paths against patterns in gitignore's syntax.

It is a process of its own, since a stranger's pattern may take a regular expression for ever; its
memory and processor time are limited (`overrides` runs it).

    python -I ignore_process.py BYTES SECONDS

It reads a pickled `Question` from standard input, and writes one byte for each path to standard
output: `IGNORED`, `WANTED` (by a pattern with `!`), or `UNSAID` where no pattern matches.
"""

from __future__ import annotations

import pickle
import re
import resource
import sys
from collections.abc import Iterator, Sequence

from pathspec import GitIgnoreSpec

IGNORED, WANTED, UNSAID = "-", "+", "?"

Question = tuple[dict[str, str], Sequence[str]]
"""folder → the patterns for what lies in it; and the paths. The root's name is empty, and any other
folder's ends in a slash. Patterns of a folder go before those of the folders around it."""


def answer(question: Question) -> str:
    patterns, paths = question
    specs = {folder: GitIgnoreSpec.from_lines(_valid(text)) for folder, text in patterns.items()}
    return "".join(_verdict(specs, path) for path in paths)


def _verdict(specs: dict[str, GitIgnoreSpec], path: str) -> str:
    for folder in _folders(path):
        if folder in specs:
            ignored = specs[folder].check_file(path[len(folder) :]).include
            if ignored is not None:
                return IGNORED if ignored else WANTED
    return UNSAID


def _folders(path: str) -> Iterator[str]:
    """The folders that a file lies in, the innermost first."""
    end = len(path)
    while (end := path.rfind("/", 0, end)) >= 0:
        yield path[: end + 1]
    yield ""


def lines(text: str) -> list[str]:
    """The lines of a file of patterns; they end as on Linux or Windows."""
    return [line.removesuffix("\r") for line in text.split("\n")]


def _valid(text: str) -> list[str]:
    """The lines that are patterns; git passes over others, too."""
    return [line for line in lines(text) if is_pattern(line)]


def is_pattern(line: str) -> bool:
    """Whether a line is a pattern, a comment or blank."""
    try:
        GitIgnoreSpec.from_lines([line])
    except (ValueError, re.error):
        return False
    return True


def main(memory: int, seconds: int) -> None:
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    question = pickle.load(sys.stdin.buffer)  # noqa: S301  from the worker, not from a stranger
    sys.stdout.buffer.write(answer(question).encode())


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))

"""What has changed in a git work tree since a commit."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from codeindex.client.cli.asking import Failed

DEFAULT_BRANCHES = ("origin/HEAD", "origin/main", "origin/master", "main", "master")
"""The first one that exists is the branch that changes are made against."""

MOST_FILES = 500

LARGEST_FILE = 200_000
"""Characters. The server takes no more."""

_HUNK = re.compile(rb"^@@ -\S+ \+(\d+)(?:,(\d+))? @@", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """A file by its path from the top of the work tree, its text, and the ranges of lines that have
    changed: the first and the last one of each, counted from 1."""

    path: str
    content: str
    lines: Sequence[tuple[int, int]]


class TooLarge(Exception):
    """A file is larger than the server takes; the message is its path."""


def changed_files(base: str) -> Iterator[ChangedFile | TooLarge]:
    """The files that differ from the commit `base`, committed or not; without one, from where this
    branch has left the default branch. New files count once git knows them. Raises `Failed`."""
    top = Path(_git(Path.cwd(), "rev-parse", "--show-toplevel").decode().rstrip("\n"))
    commit = _commit(top, base) if base else _merge_base(top)
    named = _git(top, "diff", "--name-only", "-z", "--diff-filter=ACMRT", commit, "--")
    paths = [path.decode("utf-8", "surrogateescape") for path in named.split(b"\0") if path]
    if len(paths) > MOST_FILES:
        raise Failed(
            f"{len(paths):,} files differ from {base or commit[:12]}, and at most {MOST_FILES} are"
            " checked: name a later commit."
        )
    for path in paths:
        file = top / path
        if file.is_symlink() or not file.is_file():
            continue
        with file.open(encoding="utf-8", errors="replace") as opened:
            content = opened.read(LARGEST_FILE + 1)
        if len(content) > LARGEST_FILE:
            yield TooLarge(path)
        else:
            yield ChangedFile(path, content, _lines(top, commit, path))


def _lines(top: Path, commit: str, path: str) -> list[tuple[int, int]]:
    difference = _git(
        top, "diff", "--unified=0", "--inter-hunk-context=0", "--no-color", "--no-ext-diff",
        "--no-textconv", commit, "--", f":(literal){path}",
    )  # fmt: skip
    return [_span(int(first), int(count or 1)) for first, count in _HUNK.findall(difference)]


def _span(first: int, count: int) -> tuple[int, int]:
    """Where lines have only been deleted, those around them."""
    return (first, first + count - 1) if count else (max(1, first), first + 1)


def _merge_base(top: Path) -> str:
    for branch in DEFAULT_BRANCHES:
        if commit := _known(top, branch):
            return _git(top, "merge-base", "HEAD", commit).decode().strip()
    raise Failed("The default branch is unknown: name a commit, such as --changed HEAD~1.")


def _commit(top: Path, name: str) -> str:
    if commit := _known(top, name):
        return commit
    raise Failed(f"{name} is not a commit in this work tree.")


def _known(top: Path, name: str) -> str:
    """The commit of a name; "" if there is none."""
    try:
        found = _git(
            top, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"
        )
    except Failed:
        return ""
    return found.decode().strip()


def _git(folder: Path, *arguments: str) -> bytes:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments], capture_output=True, check=False
        )
    except OSError as error:
        raise Failed(f"git cannot be run: {error.strerror}.") from error
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip() or f"it ended with {done.returncode}"
        raise Failed(f"git {arguments[0]}: {said}")
    return done.stdout

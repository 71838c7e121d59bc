"""Commits of a mirror, read with `git log`. What a commit says of itself is a stranger's."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice

from codeindex.ingestion.cloning.trees import LONGEST_PATH, Tree, split_records

LONGEST_LINE = 200
"""Characters of an author's name and of a subject."""

MOST_PATHS = 1_000_000
"""Paths that are read of a history."""

FORMAT = "%H%x00%an%x00%at%x00%s%x00"
_FIELDS = 4
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class CommitInfo:
    """What a commit says of itself, cut to what is kept."""

    sha: str
    author: str
    authored: datetime
    subject: str


def commits(tree: Tree, shas: Sequence[str]) -> Iterator[CommitInfo]:
    """What the commits, which are in the mirror, say of themselves. Raises `CheckoutError`."""
    with tempfile.TemporaryFile() as asked:
        asked.write("".join(f"{sha}\n" for sha in shas).encode())
        asked.seek(0)
        written = tree.pieces(
            "log", "--stdin", "--no-walk=unsorted", "--no-color", "--encoding=UTF-8",
            "--no-show-signature", f"--format=tformat:{FORMAT}", stdin=asked,
        )  # fmt: skip
        with closing(written):
            records = split_records(written, 4 * LONGEST_LINE)
            for fields in zip(*[records] * _FIELDS, strict=False):
                sha, author, at, subject = (each.decode(errors="replace") for each in fields)
                yield CommitInfo(sha.strip(), _line(author), _date(at), _line(subject))


def changed_paths(tree: Tree, oldest: Iterable[str]) -> set[bytes]:
    """The paths that the commits after the `oldest` added or changed, up to the tree's. Commits
    that merge others change nothing by themselves. Raises `CheckoutError`."""
    with tempfile.TemporaryFile() as asked:
        asked.write(f"{tree.commit}\n".encode())
        asked.write("".join(f"^{sha}\n" for sha in oldest).encode())
        asked.seek(0)
        written = tree.pieces(
            "log", "--stdin", "--format=", "--name-only", "-z", "--no-renames",
            "--diff-filter=AM", stdin=asked,
        )  # fmt: skip
        with closing(written):
            paths = split_records(written, LONGEST_PATH + 1)
            return set(filter(None, islice(paths, MOST_PATHS)))


def oldest_fetched(tree: Tree) -> list[str]:
    """The commits whose parents were not fetched."""
    shallow = tree.mirror / "shallow"
    return shallow.read_text().split() if shallow.exists() else []


def _line(text: str) -> str:
    """Without characters that could change how the text around it is shown."""
    return _CONTROL.sub(" ", text).strip()[:LONGEST_LINE]


def _date(seconds: str) -> datetime:
    """Between 1970 and tomorrow, whatever the commit says."""
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    if not seconds.isascii() or not seconds.isdigit() or len(seconds) > len("9999999999"):
        return datetime.fromtimestamp(0, UTC)
    return min(datetime.fromtimestamp(int(seconds), UTC), tomorrow)

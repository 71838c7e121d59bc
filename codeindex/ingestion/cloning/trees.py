"""The files of a commit in a mirror, and their contents, read out of git's object store."""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import IO

from django.conf import settings

from codeindex.ingestion.cloning import git, mirrors
from codeindex.ingestion.cloning.errors import CheckoutError, explain
from codeindex.ingestion.cloning.git import GitFailed
from codeindex.leases import Lease

LONGEST_PATH = 4_096
"""Bytes. No computer can check out a longer path; it is cut to one byte more than this."""

SILENT_SECONDS = 60
"""How long git may take to write the next piece of what is in the mirror already."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of a commit. `mode` is git's: 120000 is a symbolic link, 160000 a submodule."""

    path: bytes
    mode: str
    sha: str
    size: int


@dataclass(frozen=True, slots=True)
class Tree:
    """A commit in a mirror. Reading it raises `LostLease` when the run's lease is lost. `notice`
    says in which way it is not what was asked for; "" if it is."""

    mirror: Path
    commit: str
    lease: Lease = field(compare=False, repr=False)
    notice: str = ""

    def entries(self) -> Iterator[Entry]:
        """The files, as git lists them. They are counted before the first one is yielded. Raises
        `CheckoutError` if there are too many of them, or if they hold too much."""
        self._check_count()
        listing = self.pieces("ls-tree", "-r", "-z", "-l", "--full-tree", self.commit)
        total = 0
        with closing(listing):
            for record in split_records(listing, LONGEST_PATH + 100):
                entry = _entry(record)
                if entry.size <= settings.CODEINDEX_FILE_BYTES:
                    total += entry.size
                if total > settings.CODEINDEX_CLONE_CONTENT:
                    raise CheckoutError(
                        "The repository's files hold more than"
                        f" {settings.CODEINDEX_CLONE_CONTENT >> 20} MiB, the limit of this"
                        " installation."
                    )
                yield entry

    def read(self, shas: Iterable[str]) -> Iterator[bytes]:
        """The contents of blobs, in order. Raises `CheckoutError` if one is missing or larger than
        git said."""
        with tempfile.TemporaryFile() as requests:
            count = 0
            for sha in shas:
                requests.write(f"{sha}\n".encode())
                count += 1
            requests.seek(0)
            contents = self.pieces("cat-file", "--batch", "--buffer", stdin=requests)
            with closing(contents):
                stream = _Stream(contents)
                for _ in range(count):
                    yield _content(stream)

    def _check_count(self) -> None:
        """Before any of them is kept in memory: a few kilobytes can hold 100 million paths."""
        names = self.pieces("ls-tree", "-r", "-z", "--name-only", "--full-tree", self.commit)
        count = 0
        with closing(names):
            for piece in names:
                count += piece.count(b"\0")
                if count > settings.CODEINDEX_CLONE_FILES:
                    raise CheckoutError(
                        f"The repository has more than {settings.CODEINDEX_CLONE_FILES:,} files,"
                        " the limit of this installation."
                    )

    def pieces(
        self,
        *arguments: str,
        stdin: IO[bytes] | int = git.NO_INPUT,
        env: Mapping[str, str] = MappingProxyType({}),
        seconds: float = math.inf,
    ) -> Generator[bytes, None, None]:
        """The output of git in the mirror, with additions to its environment. Raises
        `CheckoutError` if git fails, stands still, or takes longer than `seconds`."""
        deadline = time.monotonic() + seconds

        def watch(silent: float) -> None:
            self.lease.progress()
            if silent > SILENT_SECONDS:
                raise CheckoutError(
                    f"git stood still for {SILENT_SECONDS} s while it read the repository's files."
                )
            if time.monotonic() > deadline:
                raise CheckoutError(f"git took longer than {seconds:g} s.")

        own = git.environment(mirrors.home(), self.mirror)
        try:
            yield from git.pieces(
                self.mirror, *arguments, env={**own, **env}, watch=watch, stdin=stdin
            )
        except GitFailed as failure:
            raise CheckoutError(explain(failure)) from failure


class _Stream:
    """Lines and counted bytes out of pieces; the length of a line is limited."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._ahead = bytearray()

    def line(self, longest: int = 1_000) -> bytes:
        while (end := self._ahead.find(b"\n")) < 0 and len(self._ahead) <= longest:
            if not self._more():
                break
        if end < 0:
            raise CheckoutError("git stopped in the middle of a file.")
        line = bytes(self._ahead[:end])
        del self._ahead[: end + 1]
        return line

    def exactly(self, count: int) -> bytes:
        while len(self._ahead) < count:
            if not self._more():
                raise CheckoutError("git stopped in the middle of a file.")
        content = bytes(self._ahead[:count])
        del self._ahead[:count]
        return content

    def _more(self) -> bool:
        piece = next(self._pieces, b"")
        self._ahead += piece
        return bool(piece)


def _content(stream: _Stream) -> bytes:
    """The next blob from `git cat-file`."""
    header = stream.line().split()
    if len(header) != 3:
        raise CheckoutError("A file is missing from what the host sent.")
    size = int(header[2])
    if size > settings.CODEINDEX_FILE_BYTES:
        raise CheckoutError("A file of the repository is larger than git said.")
    content = stream.exactly(size)
    stream.exactly(1)
    return content


def split_records(pieces: Iterable[bytes], longest: int, end: bytes = b"\0") -> Iterator[bytes]:
    """The records that end with `end`, each cut to `longest` bytes."""
    kept = b""
    for piece in pieces:
        *complete, rest = piece.split(end)
        for record in complete:
            yield (kept + record)[:longest]
            kept = b""
        kept = (kept + rest)[:longest]


def displayed(path: bytes) -> str:
    """A path as text; bytes that are not UTF-8 become \\xNN."""
    return path.decode(errors="backslashreplace")


def _entry(record: bytes) -> Entry:
    description, _, path = record.partition(b"\t")
    mode, _, sha, size = description.decode().split()
    if size == "BAD":
        raise CheckoutError("A file is missing from what the host sent.")
    return Entry(path[: LONGEST_PATH + 1], mode, sha, 0 if size == "-" else int(size))

"""What a commit's `.gitattributes` say of paths, asked of git itself: patterns, their order,
folders and macros mean what they mean to git."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO

from more_itertools import chunked

from codeindex.ingestion.cloning.trees import LONGEST_PATH, Entry, Tree, split_records

UNSPECIFIED, FALSE = b"unspecified", (b"unset", b"false")
"""What git says of an attribute that no line mentions, and of one that a line denies: `-name`, or
`name=false` as GitHub has it. Any other value affirms it."""


def read(
    tree: Tree, files: Iterable[Entry], paths: Iterable[bytes], names: Sequence[str], seconds: float
) -> Iterator[tuple[bool | None, ...]]:
    """For each of the paths, whether it has the named attributes by these `.gitattributes`; None
    where they do not say. Raises `CheckoutError` if git takes longer than `seconds`, or refuses a
    path.

    git needs an index for it, which holds these files alone, and is deleted afterwards.
    """
    with tempfile.TemporaryDirectory(prefix="codeindex-") as folder:
        env = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        listed = (f"{file.mode} {file.sha}\t".encode() + file.path for file in files)
        with _records(listed) as index:
            for _ in tree.pieces("update-index", "-z", "--index-info", stdin=index, env=env):
                pass
        with _records(paths) as asked:
            answers = tree.pieces(
                *("check-attr", "--cached", "-z", "--stdin", *names),
                stdin=asked,
                env=env,
                seconds=seconds,
            )
            values = (value for _, _, value in chunked(split_records(answers, LONGEST_PATH), 3))
            yield from map(tuple, chunked(map(_truth, values), len(names)))


def _records(records: Iterable[bytes]) -> IO[bytes]:
    """A file of records that end with a zero byte, to be read from its beginning."""
    file = tempfile.TemporaryFile()  # noqa: SIM115  the caller closes it
    file.writelines(record + b"\0" for record in records)
    file.seek(0)
    return file


def _truth(value: bytes) -> bool | None:
    return None if value == UNSPECIFIED else value not in FALSE

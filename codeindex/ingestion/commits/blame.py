"""Which commit each line of a file comes from, by `git blame`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import closing

from codeindex.ingestion.cloning.trees import Tree, split_records

SECONDS = 10
"""For one file."""

_HEAD = re.compile(rb"([0-9a-f]{40,64}) \d+ (\d{1,9})(?: \d+)?")
_LONGEST_RECORD = 200


def commits_of_lines(tree: Tree, path: str) -> Mapping[int, str]:
    """The number of each line, from 1, → its commit. Raises `CheckoutError`."""
    written = tree.pieces(
        "blame", "--porcelain", "--no-progress", tree.commit, "--", path, seconds=SECONDS
    )
    found: dict[int, str] = {}
    with closing(written):
        for record in split_records(written, _LONGEST_RECORD, end=b"\n"):
            # A line of the file itself begins with a tab.
            if head := _HEAD.fullmatch(record):
                found[int(head[2])] = head[1].decode()
    return found

"""Which files of a tree are indexed, and why the others are not."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings

from codeindex.ingestion.cloning.trees import Entry
from embeddings.code.detection import type_by_path
from embeddings.code.languages import FileType
from embeddings.code.path_rules import never_indexed

SYMBOLIC_LINK, SUBMODULE = "120000", "160000"

EXAMPLES = 20

LONGEST_PATH = 1_000
"""Bytes; longer paths would not fit into an index of the database."""

LONGEST_EXAMPLE = 200
"""Characters of a path that is shown as an example."""


@dataclass(frozen=True, slots=True)
class SelectedFile:
    """A file to be read, with its type by its path. Its content may still exclude it, or
    tell another language."""

    path: str
    sha: str
    language: FileType


class Skips:
    """Skipped files, counted by reason, with some examples of each."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._examples: defaultdict[str, list[str]] = defaultdict(list)

    def add(self, reason: str, path: str) -> None:
        self._counts[reason] += 1
        if self._counts[reason] <= EXAMPLES:
            self._examples[reason].append(_shortened(path))

    def report(self) -> dict[str, dict[str, object]]:
        """reason → {"count": files, "examples": [path, …]}, most frequent first."""
        return {
            reason: {"count": count, "examples": self._examples[reason]}
            for reason, count in self._counts.most_common()
        }


def select(entries: Iterable[Entry]) -> tuple[list[SelectedFile], Skips]:
    """The files to index, and the others by reason, judged by path, mode and size alone."""
    selected, skips = [], Skips()
    taken: set[str] = set()
    for entry in entries:
        path = displayed(entry.path)
        language = type_by_path(path)
        if entry.mode == SUBMODULE:
            skips.add("submodule", path)
        elif len(path.encode()) > LONGEST_PATH:
            skips.add(f"its path is longer than {LONGEST_PATH:,} bytes", path)
        elif language is None:
            skips.add("binary", path)
        elif reason := _reason_to_skip(entry, path):
            skips.add(reason, path)
        elif path in taken:
            skips.add("its path is displayed like that of another file", path)
        else:
            taken.add(path)
            selected.append(SelectedFile(path, entry.sha, language))
    return selected, skips


def displayed(path: bytes) -> str:
    """A path as text; bytes that are not UTF-8 become \\xNN."""
    return path.decode(errors="backslashreplace")


def _shortened(path: str) -> str:
    return path if len(path) <= LONGEST_EXAMPLE else f"{path[:LONGEST_EXAMPLE]}…"


def _reason_to_skip(entry: Entry, path: str) -> str:
    if entry.mode == SYMBOLIC_LINK:
        return "symbolic link"
    if kind := never_indexed(path):
        return kind.value
    if entry.size > settings.CODEINDEX_FILE_BYTES:
        return f"larger than {settings.CODEINDEX_FILE_BYTES >> 10} KiB"
    return ""

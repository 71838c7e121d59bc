"""Which files of a tree are indexed, and why the others are not."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from django.conf import settings

from codeindex.ingestion.cloning.trees import Entry, displayed
from codeindex.ingestion.selection import overrides, skip_reasons
from codeindex.ingestion.selection.overrides import Override, Overrides
from embeddings.code.languages import FileType
from embeddings.files import path_rules
from embeddings.files.detection import type_by_path
from embeddings.files.origins import Origin

SYMBOLIC_LINK, SUBMODULE = "120000", "160000"

EXAMPLES = 20

LONGEST_PATH = 1_000
"""Bytes; longer paths would not fit into an index of the database."""

LONGEST_EXAMPLE = 200
"""Characters of a path that is shown as an example."""

OF_CONTENT = frozenset((Origin.GENERATED, Origin.MINIFIED))
"""The origins that a file's content may show."""

Overriding = Callable[[Sequence[Entry], Sequence[bytes]], Overrides]
"""What a commit's files of rules say of paths."""


@dataclass(frozen=True, slots=True)
class SelectedFile:
    """A file to be read, with its type by its path. Its content may tell another language, or
    exclude it, unless it is of the origins in `despite` alone."""

    path: str
    sha: str
    language: FileType
    despite: frozenset[Origin] = frozenset()

    @property
    def content(self) -> tuple[str, str]:
        """What identifies its content: git's hash, and the language that it is read as."""
        return self.sha, self.language.name


LISTED_CHARACTERS = 8_000_000
"""Of the paths of skipped files that are listed; later ones are only counted."""


class Skips:
    """Skipped files, counted by reason, with some examples of each, and with the paths of those
    that are skipped before they are read."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._examples: defaultdict[str, list[str]] = defaultdict(list)
        self._room = LISTED_CHARACTERS
        self.paths: defaultdict[str, list[str]] = defaultdict(list)
        """reason → paths that are skipped for it before they are read."""

    def add(self, reason: str, path: str) -> None:
        """A file whose content is not indexed."""
        self._counts[reason] += 1
        if self._counts[reason] <= EXAMPLES:
            self._examples[reason].append(_shortened(path))

    def add_unread(self, reason: str, path: str) -> None:
        """A file that is not read, and so has no row of its own."""
        self.add(reason, path)
        if len(path) <= min(LONGEST_PATH, self._room):
            self._room -= len(path)
            self.paths[reason].append(path)

    def report(self) -> dict[str, dict[str, object]]:
        """reason → {"count": files, "examples": [path, …]}, most frequent first."""
        return {
            reason: {"count": count, "examples": self._examples[reason]}
            for reason, count in self._counts.most_common()
        }


@dataclass(frozen=True, slots=True)
class Selection:
    """The files to index, the others by reason, and which of the repository's own rules could not
    be followed."""

    files: list[SelectedFile]
    skips: Skips
    notices: Sequence[str] = ()


def _nothing_said(rules: Sequence[Entry], paths: Sequence[bytes]) -> Overrides:
    return Overrides([Override()] * len(paths))


def select(
    entries: Iterable[Entry],
    indexed: Collection[Origin] = (),
    overriding: Overriding = _nothing_said,
) -> Selection:
    """The files to index, judged by path, mode and size, and by what the repository says of them.
    Its settings index files of the origins `indexed`, too."""
    skips = Skips()
    rules, candidates = _candidates(entries, skips)
    said = overriding(rules, [entry.path for entry, _ in candidates])
    selected: dict[str, SelectedFile] = {}
    for (entry, language), override in zip(candidates, said.of_files, strict=True):
        path = displayed(entry.path)
        if reason := _reason_to_skip(path, override, indexed):
            skips.add_unread(reason, path)
        elif path in selected:
            skips.add(skip_reasons.SAME_PATH, path)
        else:
            despite = _irrelevant(override, indexed)
            selected[path] = SelectedFile(path, entry.sha, language, despite)
    return Selection(list(selected.values()), skips, said.notices)


def _candidates(
    entries: Iterable[Entry], skips: Skips
) -> tuple[list[Entry], list[tuple[Entry, FileType]]]:
    """The files of rules, and the files that can be indexed. The others are added to `skips`."""
    rules, candidates = [], []
    for entry in entries:
        path = displayed(entry.path)
        language = type_by_path(path)
        if entry.path.rpartition(b"/")[2] in overrides.FILES and entry.mode != SYMBOLIC_LINK:
            rules.append(entry)
        if reason := _obstacle(entry, language):
            skips.add_unread(reason, path)
        elif language:
            candidates.append((entry, language))
    return rules, candidates


def _obstacle(entry: Entry, language: FileType | None) -> str:
    """Why a file can in no case be indexed; "" if it can."""
    if entry.mode == SUBMODULE:
        return skip_reasons.SUBMODULE
    if len(displayed(entry.path).encode()) > LONGEST_PATH:
        return f"its path is longer than {LONGEST_PATH:,} bytes"
    if language is None:
        return skip_reasons.BINARY
    if entry.mode == SYMBOLIC_LINK:
        return skip_reasons.SYMBOLIC_LINK
    if entry.size > settings.CODEINDEX_FILE_BYTES:
        return f"larger than {settings.CODEINDEX_FILE_BYTES >> 10} KiB"
    return ""


def _reason_to_skip(path: str, override: Override, indexed: Collection[Origin]) -> str:
    """By what the repository says of the file, and where it says nothing, by the path."""
    if override.left_out or override.counts:
        return override.left_out
    said = {
        Origin.VENDORED: override.vendored,
        Origin.GENERATED: override.generated,
        Origin.MINIFIED: override.generated,
    }
    for origin in (Origin.VENDORED, Origin.GENERATED):
        if said[origin] and origin not in indexed:
            return skip_reasons.by_attributes(origin)
    for origin in path_rules.origins(path):
        if said[origin] is None and origin not in indexed:
            return skip_reasons.by_path(origin)
    return ""


def _irrelevant(override: Override, indexed: Collection[Origin]) -> frozenset[Origin]:
    """The origins for which a file is not skipped if its content shows them."""
    if override.counts or override.generated is False:
        return OF_CONTENT
    return OF_CONTENT.intersection(indexed)


def _shortened(path: str) -> str:
    return path if len(path) <= LONGEST_EXAMPLE else f"{path[:LONGEST_EXAMPLE]}…"

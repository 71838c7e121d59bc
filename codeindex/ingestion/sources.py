"""Which files of a tree are indexed, and why the others are not."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings

from codeindex.ingestion.checkout import Entry
from embeddings import languages
from embeddings.definitions import UnreadableSource, decode
from embeddings.languages import Language

VENDORED = re.compile(
    r"(^|/)(_?vendor(ed)?|_vendored_packages|third_party|thirdparty|node_modules|site-packages"
    r"|bower_components|\.?venv|\.tox|\.nox|\.eggs)/",
    re.IGNORECASE,
)
GENERATED_NAME = re.compile(r"(_pb2(_grpc)?\.pyi?|\.pb\.go|\.min\.js|\.bundle\.js|\.designer\.cs)$")
GENERATED_MARK = re.compile(
    r"@generated\b|\bDO NOT EDIT\b|\bautomatically generated\b|\bauto-?generated (by|from|file)\b",
    re.IGNORECASE,
)
MARK_LINES = 5

OVERLONG_LINE = 2_000
"""Characters. Nobody writes such a line by hand."""

SYMBOLIC_LINK, SUBMODULE = "120000", "160000"

EXAMPLES = 20


class Skipped(Exception):
    """Nothing of a file is indexed; the message is the reason."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file that is indexed, if its content allows it."""

    path: str
    sha: str
    language: Language


class Skips:
    """Skipped files, counted by reason, with some examples of each."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._examples: defaultdict[str, list[str]] = defaultdict(list)

    def add(self, reason: str, path: str) -> None:
        self._counts[reason] += 1
        if self._counts[reason] <= EXAMPLES:
            self._examples[reason].append(path)

    def report(self) -> dict[str, dict[str, object]]:
        """reason → {"count": files, "examples": [path, …]}, most frequent first."""
        return {
            reason: {"count": count, "examples": self._examples[reason]}
            for reason, count in self._counts.most_common()
        }


def select(entries: Iterable[Entry]) -> tuple[list[Source], Skips]:
    """The files to index, and the others by reason, from path, mode and size alone."""
    selected, skips = [], Skips()
    for entry in entries:
        path = shown(entry.path)
        language = languages.by_path(path)
        if entry.mode == SUBMODULE:
            skips.add("submodule", path)
        elif language is None:
            skips.add("not in a supported language", path)
        elif reason := _reason_to_skip(entry, path):
            skips.add(reason, path)
        else:
            selected.append(Source(path, entry.sha, language))
    return selected, skips


def text(content: bytes, language: Language) -> str:
    """The decoded content of a file. Raises `Skipped` where it is unreadable or a machine's."""
    try:
        decoded = decode(content, language)
    except UnreadableSource as error:
        reason, _, _ = str(error).partition(":")  # what differs from file to file comes after it
        raise Skipped(reason) from error
    head = "\n".join(decoded.split("\n", MARK_LINES)[:MARK_LINES])
    if GENERATED_MARK.search(head):
        raise Skipped("generated")
    if _is_minified(decoded):
        raise Skipped("minified")
    return decoded


def _is_minified(decoded: str) -> bool:
    """Whether most of it lies in overlong lines; a long literal among code does not make it so."""
    overlong = sum(len(line) for line in decoded.split("\n") if len(line) > OVERLONG_LINE)
    return overlong * 2 > len(decoded)


def shown(path: bytes) -> str:
    """A path as text: bytes that are not UTF-8 become \\xNN."""
    return path.decode(errors="backslashreplace")


def _reason_to_skip(entry: Entry, path: str) -> str:
    if entry.mode == SYMBOLIC_LINK:
        return "symbolic link"
    if VENDORED.search(path):
        return "vendored"
    if GENERATED_NAME.search(path):
        return "generated"
    if entry.size > settings.CODEINDEX_FILE_BYTES:
        return f"larger than {settings.CODEINDEX_FILE_BYTES >> 10} KiB"
    return ""

"""How many lines of real files can be found: those that lie in the text of a definition.

    python -m benchmarks.coverage FOLDER…

A line counts if it has a word that is no keyword of its language. It can be found if it is one of
the lines of a definition whose text holds its words. Prints, for each language, the files, lines
and definitions, the share of the lines that can be found, and lines that cannot.
"""

from __future__ import annotations

import argparse
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from embeddings.code.decoding import decode
from embeddings.code.definitions import extract
from embeddings.code.detection import as_read, type_by_path
from embeddings.code.languages import Language, keywords
from embeddings.code.parsing import UnreadableSource
from embeddings.paths.mining import files_under
from embeddings.types import Definition

_WORD = re.compile(r"\w+")


@dataclass
class Coverage:
    """What was counted in the files of one language."""

    files: int = 0
    lines: int = 0
    definitions: int = 0
    lost: list[str] = field(default_factory=list)


def lost_lines(
    source: str, definitions: Sequence[Definition], ignored: frozenset[str] = frozenset()
) -> Iterator[int]:
    """The lines, from 1, with words that are not `ignored` and in no text of a definition there."""
    lost = {
        number: words
        for number, line in enumerate(source.split("\n"), 1)
        if (words := set(_WORD.findall(line)) - ignored)
    }
    for definition in definitions:
        held = set(_WORD.findall(definition.text))
        # A comment above a definition is in its text, but not among its lines.
        first = definition.start_line - definition.text.count("\n") - 2
        for number in range(first, definition.end_line + 1):
            if lost.get(number, set()) <= held:
                lost.pop(number, None)
    yield from sorted(lost)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--lost", type=int, default=10, help="how many lost lines to print")
    options = parser.parse_args()

    by_language: dict[str, Coverage] = defaultdict(Coverage)
    for file in files_under(options.folders):
        entry = type_by_path(file.name)
        if entry is None or not file.is_file():
            continue
        try:
            entry, source = as_read(entry, decode(file.read_bytes(), entry))
            definitions = extract(source, entry).definitions
        except UnreadableSource as reason:
            print(f"unreadable: {file}: {reason}")
            continue
        ignored = keywords(entry) if isinstance(entry, Language) else frozenset()
        counted = by_language[entry.name]
        counted.files += 1
        counted.definitions += len(definitions)
        counted.lines += sum(bool(_WORD.search(line)) for line in source.split("\n"))
        lines = source.split("\n")
        counted.lost += [
            f"{file}:{number}: {lines[number - 1].strip()[:100]}"
            for number in lost_lines(source, definitions, ignored)
        ]
    for name, counted in sorted(by_language.items()):
        share = 1 - len(counted.lost) / max(counted.lines, 1)
        print(
            f"{name:12} {counted.files:6} files {counted.lines:8} lines"
            f" {counted.definitions:7} definitions, found {share:.5f}"
        )
        for line in counted.lost[:: max(1, len(counted.lost) // max(options.lost, 1))]:
            print(f"    lost {line}")


if __name__ == "__main__":
    main()

"""How many lines of real files can be found: those that lie in the text of a definition.

    python -m benchmarks.coverage FOLDER…
    python -m benchmarks.coverage FOLDER --questions FILE

A line counts if it has a word that is no keyword of its language. It can be found if it is one of
the lines of a definition whose text holds its words. Prints, for each type of file, the files, the
lines and definitions, the share of the lines that can be found, and lines that cannot.

With questions (docs/evaluation.md), FOLDER holds a checkout of each repository, and what is printed
is how many of the places that answer them a definition covers.
"""

from __future__ import annotations

import argparse
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from embeddings.code.definitions import extract
from embeddings.code.languages import Language, keywords
from embeddings.code.parsing import UnreadableSource
from embeddings.evaluation import questions
from embeddings.evaluation.metrics import Place, overlaps
from embeddings.files.decoding import decode
from embeddings.files.detection import as_read, type_by_path
from embeddings.paths.mining import files_under
from embeddings.types import Definition

_WORD = re.compile(r"\w+")


@dataclass
class Coverage:
    """What was counted in the files of one type."""

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


def read(file: Path) -> tuple[str, str, list[Definition], frozenset[str]] | None:
    """A file's type, its text, its definitions and the keywords of its language. None if it is
    binary or unreadable."""
    file_type = type_by_path(file.name)
    if file_type is None:
        return None
    try:
        file_type, source = as_read(file_type, decode(file.read_bytes(), file_type))
        definitions = extract(source, file_type).definitions
    except UnreadableSource:
        return None
    ignored = keywords(file_type) if isinstance(file_type, Language) else frozenset()
    return file_type.name, source, definitions, ignored


def covered_targets(folder: Path, file: Path) -> Iterator[tuple[str, int, int]]:
    """For each repository that a file asks about: its name, how many places answer the questions,
    and how many of them are covered."""
    for repository in questions.read(file).repositories:
        targets = {target for each in repository.questions for target in each.targets}
        root = folder / repository.name
        covered = sum(_is_covered(target, (root, root / repository.root)) for target in targets)
        yield repository.name, len(targets), covered


def _is_covered(target: Place, roots: Sequence[Path]) -> bool:
    for root in roots:
        file = root / target[0]
        if file.is_file() and (found := read(file)):
            places = ((target[0], each.start_line, each.end_line) for each in found[2])
            return any(overlaps(place, target) for place in places)
    return False


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--lost", type=int, default=10, help="how many lost lines to print")
    parser.add_argument("--questions", type=Path, help="a file of questions")
    options = parser.parse_args()
    if options.questions:
        for name, targets, covered in covered_targets(options.folders[0], options.questions):
            print(f"{name:16} {covered:4} of {targets:4} places")
        return

    by_type: dict[str, Coverage] = defaultdict(Coverage)
    for file in files_under(options.folders):
        found = read(file)
        if found is None:
            continue
        name, source, definitions, ignored = found
        lines = source.split("\n")
        counted = by_type[name]
        counted.files += 1
        counted.definitions += len(definitions)
        counted.lines += sum(bool(_WORD.search(line)) for line in lines)
        counted.lost += [
            f"{file}:{number}: {lines[number - 1].strip()[:100]}"
            for number in lost_lines(source, definitions, ignored)
        ]
    for name, counted in sorted(by_type.items()):
        share = 1 - len(counted.lost) / max(counted.lines, 1)
        print(
            f"{name:12} {counted.files:6} files {counted.lines:8} lines"
            f" {counted.definitions:7} definitions, found {share:.5f}"
        )
        for line in counted.lost[:: max(1, len(counted.lost) // max(options.lost, 1))]:
            print(f"    lost {line}")


if __name__ == "__main__":
    main()

"""Mutated sources of every language, through definitions and path-contexts."""

from __future__ import annotations

import resource
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

from embeddings.code.definitions import Extraction, extract
from embeddings.code.languages import LANGUAGES, Language, by_name, language_by_path
from embeddings.code.outlines import MAX_TEXT
from embeddings.code.parsing import UnreadableSource
from embeddings.files.decoding import decode
from embeddings.paths import table_in
from embeddings.paths.mining import files_under
from embeddings.types import Definition, Kind
from tests.embeddings import samples
from tests.fuzz.mutations import fragment, mutated
from tests.fuzz.running import Outcome

SMALLEST, SMALL, LARGE = 128, 4 << 10, 64 << 10
"""Bytes of a source before it is mutated: mostly small, so that there can be many."""

LARGE_SHARE = 0.02
LARGEST_FILE = 1 << 20
MEMORY = 4 << 30
"""Bytes of address space, so that an input that takes too much costs a process and no machine."""


@dataclass(frozen=True, slots=True)
class Input:
    language: str
    data: bytes


@dataclass(frozen=True)
class Definitions:
    """Inputs made of the sources under `folders` and of the samples of the tests."""

    seed: str
    folders: tuple[Path, ...] = ()

    def begin(self) -> None:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))

    def generate(self, number: int) -> Input:
        random = Random(f"{self.seed}:{number}")
        language = random.choice(LANGUAGES)
        size = LARGE if random.random() < LARGE_SHARE else _small(random)
        files = _files(self.folders)[language.name]
        source, other = (fragment(_content(random.choice(files)), size, random) for _ in range(2))
        return Input(language.name, mutated(source, other, random))

    def category(self, case: Input) -> str:
        return case.language

    def encode(self, case: Input) -> bytes:
        return case.data

    def run(self, case: Input) -> Outcome:
        language = by_name(case.language)
        try:
            source = decode(case.data, language)
        except UnreadableSource:
            return Outcome(case.language, "no text")
        try:
            extraction = extract(source, language)
        except UnreadableSource:
            return Outcome(case.language, "refused")
        fault = _fault(extraction, source, language) or _fault_of_paths(source, language)
        if fault:
            return Outcome(case.language, "wrong", fault)
        return Outcome(case.language, "definitions" if extraction.definitions else "none")


def _small(random: Random) -> int:
    """As many of each order of magnitude."""
    return round(SMALLEST * (SMALL / SMALLEST) ** random.random())


@cache
def _files(folders: tuple[Path, ...]) -> dict[str, list[Path]]:
    """The sources by language, in an order that does not depend on the machine."""
    sources = defaultdict(list, {each.name: [samples.source_of(each)] for each in LANGUAGES})
    for file in sorted(files_under(folders)):
        language = language_by_path(file.name)
        if language and 0 < file.stat().st_size <= LARGEST_FILE:
            sources[language.name].append(file)
    return sources


@cache
def _content(file: Path) -> bytes:
    return file.read_bytes()


def _fault(extraction: Extraction, source: str, language: Language) -> str:
    """What is wrong with the definitions of a source; empty if nothing is."""
    data = source.encode()
    lines = {line.strip() for line in source.split("\n")}
    for definition in extraction.definitions:
        where = f"{definition.kind} {definition.qualified_name[:80]!r}"
        if not 0 <= definition.start_byte <= definition.end_byte <= len(data):
            return f"{where}: bytes {definition.start_byte} to {definition.end_byte}"
        if not 1 <= definition.start_line <= definition.end_line <= max(1, source.count("\n") + 1):
            return f"{where}: lines {definition.start_line} to {definition.end_line}"
        if len(definition.text) > MAX_TEXT or definition.name not in source:
            return f"{where}: a name or text that is not of the file"
        if foreign := _foreign_line(definition, lines, source, data, language):
            return f"{where}: its text holds a line that is not of the file: {foreign[:80]!r}"
    return ""


def _foreign_line(
    definition: Definition, lines: set[str], source: str, data: bytes, language: Language
) -> str:
    """A line of a function's text that its file does not hold. Outlines have lines of their own."""
    if definition.kind not in (Kind.FUNCTION, Kind.METHOD):
        return ""
    prefixes = [prefix for _, prefix in language.prefixes]
    for line in definition.text.split("\n"):
        stripped = line.strip()
        known = stripped in lines or stripped in source
        if not known and not any(line.removeprefix(prefix) in source for prefix in prefixes):
            return stripped
    return ""


def _fault_of_paths(source: str, language: Language) -> str:
    searched, wanted, table = table_in(source, language, kinds=tuple(Kind))
    longest = max(len(searched.data), *(4 * MAX_TEXT for _ in wanted[:1]), 0)
    if len(table.bounds) != len(wanted) + 1:
        return f"{len(wanted)} definitions, {len(table.bounds)} bounds"
    for leaf in table.leaves:
        if not 0 <= leaf.start_byte <= leaf.end_byte <= longest:
            return f"a leaf at bytes {leaf.start_byte} to {leaf.end_byte}"
    return ""


def languages_of(folders: Sequence[Path]) -> dict[str, int]:
    """How many sources of each language there are to draw from."""
    return {name: len(files) for name, files in _files(tuple(folders)).items()}

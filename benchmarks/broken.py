"""How many definitions are found in files that do not parse.

    python -m benchmarks.broken FOLDER… --language python --seed 0

Takes files of at least 50 lines that parse, breaks each in one place or two, and counts how many of
its functions, methods and classes are still found under their names, with the right first line and
a last line within two of the right one. A file is broken inside one of its definitions: a bracket,
quote or keyword is missing, there is a stray token, the marks of a merge conflict or syntax that no
grammar knows, or the second half of the definition is gone. The innermost definitions around these
places are counted apart.
"""

from __future__ import annotations

import argparse
import random
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.sources import files_in
from embeddings.code.definitions import Extraction, extract
from embeddings.code.languages import Language, by_name, by_path, keywords
from embeddings.code.parsing import UnreadableSource
from embeddings.files.decoding import decode
from embeddings.types import Definition, Kind

_KINDS = {Kind.FUNCTION, Kind.METHOD, Kind.CLASS, Kind.INTERFACE}
_FEWEST_LINES = 50
_FURTHEST_END = 2
_BRACKETS, _QUOTES = re.compile(r"[()\[\]{}]"), re.compile(r"[\"'`]")
_STRAY = ("}", ")", "]", "{", "(", "=>", ";;", "::", "@@", "#!", "%")
_UNKNOWN = (
    "match? it -> {| that |}",
    "{{ cookiecutter.name }}",
    "{% if later %}",
    "with! <a & b>;",
)

Lines = list[tuple[int, str]]
"""Lines with their numbers in the file as it was, 0 for those that were put in."""
Span = tuple[int, int]
"""The first and the last of some lines, as indices of Lines."""
Breakage = Callable[[Lines, Span, Language, random.Random], None]


@dataclass(frozen=True, slots=True)
class Sought:
    """A definition that should be found, with its lines in the broken file."""

    name: str
    start_line: int
    end_line: int
    is_hit: bool


def without_bracket(lines: Lines, span: Span, _: Language, chance: random.Random) -> None:
    _delete(lines, span, _BRACKETS, chance)


def without_quote(lines: Lines, span: Span, _: Language, chance: random.Random) -> None:
    _delete(lines, span, _QUOTES, chance)


def without_keyword(lines: Lines, span: Span, language: Language, chance: random.Random) -> None:
    words = re.compile(rf"\b(?:{'|'.join(sorted(keywords(language)))})\b")
    _delete(lines, (min(span[0] + 1, span[1]), span[1]), words, chance)


def with_stray_token(lines: Lines, span: Span, _: Language, chance: random.Random) -> None:
    row = chance.randint(*span)
    number, text = lines[row]
    lines[row] = number, f"{text} {chance.choice(_STRAY)}"


def with_unknown_syntax(lines: Lines, span: Span, _: Language, chance: random.Random) -> None:
    row = chance.randint(span[0] + 1, max(span))
    indentation = re.match(r"\s*", lines[row][1])
    assert indentation is not None
    lines.insert(row, (0, indentation[0] + chance.choice(_UNKNOWN)))


def with_conflict(lines: Lines, span: Span, _: Language, chance: random.Random) -> None:
    row = chance.randint(span[0] + 1, max(span))
    other = (0, lines[row][1])
    marks = [(0, "<<<<<<< HEAD"), lines[row], (0, "======="), other, (0, ">>>>>>> theirs")]
    lines[row : row + 1] = marks


def cut_in_half(lines: Lines, span: Span, _: Language, chance: random.Random) -> None:
    middle = (span[0] + span[1] + 1) // 2
    del lines[max(middle, span[0] + 1) : span[1] + 1]


BREAKAGES: tuple[Breakage, ...] = (
    without_bracket,
    without_quote,
    without_keyword,
    with_stray_token,
    with_unknown_syntax,
    with_conflict,
    cut_in_half,
)


def broken(
    source: str, definitions: Sequence[Definition], language: Language, chance: random.Random
) -> tuple[str, list[Sought], str]:
    """A source broken in one place or two, what should be found in it, and how it was broken."""
    lines: Lines = [*enumerate(source.split("\n"), 1)]
    hits, ways = set[Definition](), []
    inner = [each for each in definitions if each.end_line > each.start_line + 1]
    for hit in chance.sample(inner, min(len(inner), chance.choice((1, 1, 2)))):
        rows = [row for row, (n, _) in enumerate(lines) if hit.start_line <= n <= hit.end_line]
        while rows and hit.name not in lines[rows[0]][1]:
            rows.pop(0)  # decorators, without which the head would be no head
        if len(rows) < 2:
            continue
        breakage = chance.choice(BREAKAGES)
        before = [number for number, _ in lines]
        row = _broken_row(lines, breakage, (rows[0], rows[-1]), language, chance)
        place = next((n for n in before[row:] if n), hit.end_line)
        around = [d for d in definitions if d.start_line <= place <= d.end_line]
        hits |= {hit, max(around or [hit], key=lambda each: each.start_line)}
        ways.append(breakage.__name__)
    rows_of = {number: row for row, (number, _) in enumerate(lines, 1) if number}
    sought = []
    for each in definitions:
        kept = [n for n in range(each.start_line, each.end_line + 1) if n in rows_of]
        if each.start_line in rows_of:
            last = rows_of[kept[-1]]
            sought.append(Sought(each.name, rows_of[each.start_line], last, each in hits))
    return "\n".join(text for _, text in lines), sought, " and ".join(ways)


def is_found(sought: Sought, found: Extraction) -> bool:
    return any(
        each.name == sought.name
        and each.start_line == sought.start_line
        and abs(each.end_line - sought.end_line) <= _FURTHEST_END
        for each in found.definitions
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--language", required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--files", type=int, default=300, help="how many files are broken")
    parser.add_argument("--missed", type=int, default=0, help="how many misses to print")
    options = parser.parse_args()

    language, chance = by_name(options.language), random.Random(options.seed)
    totals, founds, files, shown = Counter[object](), Counter[object](), 0, 0
    candidates = [file for file in files_in(options.folders) if by_path(file.name) is language]
    chance.shuffle(candidates)
    for file in candidates:
        whole = _definitions_in(file, language)
        if not whole or files == options.files:
            continue
        source = decode(file.read_bytes(), language)
        text, sought, way = broken(source, whole, language, chance)
        try:
            found = extract(text, language)
        except UnreadableSource:
            found = Extraction([], 1)
        if not found.errors:
            continue
        files += 1
        for each in sought:
            for key in (each.is_hit, (way, each.is_hit)):
                totals[key] += 1
                founds[key] += is_found(each, found)
            if not is_found(each, found) and shown < options.missed:
                shown += 1
                print(file, way, each)
    print(f"{language.name}: {files} files")
    for key in sorted(totals, key=str):
        print(f"  {key}: {founds[key]} of {totals[key]}, {founds[key] / totals[key]:.4f}")


def _definitions_in(file: Path, language: Language) -> list[Definition]:
    """The functions and classes of a file that is long enough and parses; else nothing."""
    try:
        source = decode(file.read_bytes(), language)
        whole = extract(source, language)
    except UnreadableSource:
        return []
    if whole.errors or source.count("\n") < _FEWEST_LINES:
        return []
    return [each for each in whole.definitions if each.kind in _KINDS]


def _broken_row(
    lines: Lines, breakage: Breakage, span: Span, language: Language, chance: random.Random
) -> int:
    """Breaks some lines, and says which is the first that changed."""
    before = [*lines]
    breakage(lines, span, language, chance)
    changed = (row for row, line in enumerate(before) if lines[row : row + 1] != [line])
    return next(changed, span[0])


def _delete(lines: Lines, span: Span, what: re.Pattern[str], chance: random.Random) -> None:
    """Deletes one match of a pattern in some lines, if there is any."""
    places = [
        (row, match)
        for row in range(span[0], span[1] + 1)
        for match in what.finditer(lines[row][1])
        if not _joins_words(match)
    ]
    if places:
        row, match = chance.choice(places)
        number, text = lines[row]
        lines[row] = number, text[: match.start()] + text[match.end() :]


def _joins_words(match: re.Match[str]) -> bool:
    """Whether two words would become one without a match: then a name would be another."""
    text = match.string
    around = text[max(0, match.start() - 1) : match.start()], text[match.end() : match.end() + 1]
    return all(character.isalnum() or character == "_" for character in around)


if __name__ == "__main__":
    main()

"""What lies outside definitions: every line belongs to something that can be found."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.coverage import lost_lines, read
from embeddings.code.definitions import extract
from embeddings.code.languages import LANGUAGES, Language, by_name, keywords
from embeddings.code.windows import LONG_UNIT, LONGEST_WINDOW, paragraph_depths, windows
from embeddings.paths.mining import files_under
from embeddings.types import Definition, Kind
from tests.embeddings import samples

ROOT = Path(__file__).parents[3]


def units(source: str, language: str = "python") -> list[Definition]:
    return extract(source, by_name(language)).definitions


def blocks(source: str, language: str = "python") -> list[Definition]:
    return [unit for unit in units(source, language) if unit.kind == Kind.BLOCK]


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.name)
def test_every_line_of_a_sample_is_found(language: Language) -> None:
    source = samples.source_of(language).read_text("utf-8")
    definitions = extract(source, language).definitions
    assert [*lost_lines(source, definitions, keywords(language))] == []


def test_every_line_of_this_project_is_found() -> None:
    folders = ("embeddings/code", "codeindex", "search", "static", "templates", "docs", ".ci")
    lost = [
        (file.name, line)
        for file in files_under([ROOT / name for name in folders])
        if (found := read(file)) is not None
        for line in lost_lines(found[1], found[2], found[3])
    ]
    assert lost == []


def test_the_statements_of_a_script_are_a_block() -> None:
    source = (
        "import sys\n\nfor name in sys.argv:\n    bake(name)\n\n\ndef bake(name): ...\n\nclose()\n"
    )
    first, last = blocks(source)
    assert (first.start_line, first.end_line, first.name, first.qualified_name) == (1, 4, "", "")
    assert first.text == "import sys\n\nfor name in sys.argv:\n    bake(name)"
    assert (last.start_line, last.text) == (9, "close()")


def test_constants_alone_are_found_by_name_and_are_no_block() -> None:
    source = "# How many loaves.\nLOAVES = 3  # a day\n\nFLOUR = 'rye'\n"
    loaves, flour = units(source)[1:]
    assert (loaves.kind, loaves.name, loaves.docstring) == (
        Kind.CONSTANT,
        "LOAVES",
        "How many loaves.",
    )
    assert loaves.text == "# How many loaves.\nLOAVES = 3  # a day"
    assert (flour.name, flour.start_line) == ("FLOUR", 4)


def test_statements_in_a_class_are_a_block_of_the_class() -> None:
    source = "class Oven:\n    limit = 3\n    register(limit)\n\n    def heat(self): ...\n"
    [block] = blocks(source)
    assert (block.qualified_name, block.text) == ("Oven", "limit = 3\nregister(limit)")


def test_keywords_alone_are_no_block() -> None:
    assert blocks("class Oven:\n    pass\n") == []
    assert blocks("function f() {}\nelse\n}\n", "javascript") == []


def test_code_beside_a_definition_on_its_line_is_not_lost() -> None:
    [block] = blocks("start(); function f() { return 1; } stop();\n", "javascript")
    assert "start" in block.text
    assert "stop" in block.text


def long_function(statements: int) -> str:
    body = "".join(
        f"    if order_{number}:\n        pay(order_{number}, {number})\n"
        for number in range(statements)
    )
    return f"def settle():\n{body}"


def test_a_long_function_has_windows_that_begin_with_statements() -> None:
    source = long_function(200)
    assert len(source) > LONG_UNIT
    function, *parts = units(source)
    assert function.text == source.rstrip("\n")
    assert {part.qualified_name for part in parts} == {"settle"}
    assert {part.name for part in parts} == {""}
    for part in parts:
        assert part.text.startswith("if order_")
        assert len(part.text) <= LONGEST_WINDOW
    lines = [number for part in parts for number in range(part.start_line, part.end_line + 1)]
    assert lines == [*range(parts[0].start_line, 402)]
    assert len("\n".join(source.split("\n")[: parts[0].start_line - 1])) <= LONGEST_WINDOW


def test_a_function_of_usual_length_has_none() -> None:
    assert len(units(long_function(20))) == 1


def test_windows_end_at_blank_lines() -> None:
    lines = [*["word " * 10] * 20, "", *["word " * 10] * 20]
    first, second = windows(lines, 0, 40, paragraph_depths(lines))
    assert (first, second) == ((0, 20), (21, 40))


def test_a_line_longer_than_a_window_is_one() -> None:
    lines = ["a", "b" * 5_000, "c"]
    assert [*windows(lines, 0, 2, {})] == [(0, 0), (1, 1), (2, 2)]

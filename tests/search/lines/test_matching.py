"""Lines are matched as a user reads them, in time that a stranger's pattern and file cannot
stretch."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, strategies

from search.lines import matching
from search.lines.matching import Matches, match_lines
from search.lines.patterns import Pattern

LONG = 10_000_000


def match(pattern: str, content: str, *, shown: int = 10, seconds: float = 60.0) -> Matches:
    matcher = Pattern(pattern, is_regex=True, case=True).compiled()
    return match_lines(matcher, content.encode(), shown, time.monotonic() + seconds)


def marked(pattern: str, content: str) -> list[tuple[int, str]]:
    """The numbers and texts of lines, with matches in brackets."""
    return [
        (line.number, "".join(f"[{part.text}]" if part.is_match else part.text
                              for part in line.parts))
        for line in match(pattern, content).lines
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("pattern", "content", "expected"),
    [
        ("b", "a\nb\nabb\n", [(2, "[b]"), (3, "a[b][b]")]),
        ("^b", "a\nba\nab", [(2, "[b]a")]),
        ("b$", "ab\nba\nb", [(1, "a[b]"), (3, "[b]")]),
        ("^$", "\na\n\n", [(1, ""), (3, "")]),
        ("$", "a\nb", [(1, "a"), (2, "b")]),
        ("x*", "ax\n\n", [(1, "a[x]"), (2, "")]),
        (r"b\nc", "a\nb\nc\nb", [(2, "[b]"), (3, "[c]")]),
        (r"a\n\nb", "xa\n\nby\n", [(1, "x[a]"), (2, ""), (3, "[b]y")]),
        (r"\n", "a\nb\n", [(1, "a"), (2, "b")]),
        (r"(?s)a.*c", "1\na\nb\nc\nd", [(2, "[a]"), (3, "[b]"), (4, "[c]")]),
        ("é|ü", "aéü\nß", [(1, "a[é][ü]")]),
        (r"\bü", "aü ü", [(1, "a[ü] ü")]),
        ("a", "", []),
        ("", "", []),
        ("", "\n", [(1, "")]),
        (r"\z", "a\n", []),
        (r"\C", "é", [(1, "[][]")]),
    ],
)
def test_lines_are_numbered_and_matches_marked(
    pattern: str, content: str, expected: list[tuple[int, str]]
) -> None:
    assert marked(pattern, content) == expected


@given(
    strategies.sampled_from(["a", "ab|b", "^a", "b$", "a+", "[^b]", "é", "."]),
    strategies.lists(strategies.text("ab é", max_size=6), max_size=8).map("\n".join),
)
def test_single_lines_match_as_in_python(pattern: str, content: str) -> None:
    lines = content.removesuffix("\n").split("\n")
    expected = [number for number, line in enumerate(lines, 1) if re.search(pattern, line)]
    matches = match(pattern.replace("[^b]", r"[^b\n]"), content, shown=100)
    assert [line.number for line in matches.lines] == expected
    assert matches.count == len(expected)
    for line in matches.lines:
        assert line.text == lines[line.number - 1]
        assert line.matches == [found.span() for found in re.finditer(pattern, line.text)]


def test_a_long_line_is_cut_around_its_first_match() -> None:
    (line,) = match("needle", "é" * LONG + "needle" + "ü" * 1_000).lines
    assert len(line.text.encode()) < 2 * matching.LINE_BYTES
    assert line.text.startswith("…é")
    assert line.text.endswith("ü…")
    assert [line.text[start:end] for start, end in line.matches] == ["needle"]


@pytest.mark.parametrize(
    ("pattern", "content"),
    [
        ("a", "a" * LONG),
        ("a", "a\n" * (LONG // 2)),
        ("x*", "a" * LONG),
        ("(x+x+)+y", "x" * LONG),
        (r"(?s)a.*z|a", "a\n" * 100_000),
        ("a[ab]{900}c", "ab" * 500_000),
        (r"(\w?){300}c", "ab" * 500_000),
        (r"[^x]*y", "ab" * 500_000),
        ("$", "\n" * 1_000_000),
    ],
)
def test_nothing_takes_much_longer_than_its_time(pattern: str, content: str) -> None:
    began = time.monotonic()
    found = match(pattern, content, seconds=0.5)
    assert time.monotonic() - began < 10
    assert len(found.lines) <= 10


def test_what_was_found_in_time_is_a_lower_bound() -> None:
    found = match("a", "a\n" * 1_000_000, seconds=0.05)
    assert 0 < found.count < 1_000_000
    assert not found.complete
    assert match("a", "b\n" * 10, seconds=-1.0) == Matches([], 0, complete=False)


def test_a_match_may_lie_in_any_piece_of_a_large_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "STEPS", 200)
    content = "".join(f"line {number}\n" for number in range(100))
    found = match(r"^line \d+$", content, shown=100)
    assert [line.number for line in found.lines] == list(range(1, 101))

"""What a pattern requires is in every text that it matches, and leaves out most others."""

from __future__ import annotations

import pytest
import re2
from hypothesis import assume, given, settings, strategies

from embeddings.files.grams import grams
from search.lines.patterns import Pattern
from search.lines.required import MAX_MENTIONED, Required, by_literal, by_pattern

ATOMS = [
    *("a", "b", "A", "k", "ſ", "ß", "é", ".", "foo", "bar", "bazqux", "-", "/", "{", "}", "]"),
    *(r"\d", r"\w", r"\s", r"\pL", r"\PL", r"\p{Greek}", r"\C", r"\n", r"\.", r"\/", r"\141"),
    *("[ab]", "[^a]", "[]a]", "[^]a]", "[a-c]", "[[:alpha:]]", "[[:^alpha:]x]", r"[\]]", "[a[b]"),
    *(r"\x61", r"\x{62}", r"\Qa.b\E", r"\Qab", "^", "$", r"\b", r"\B", r"\A", r"\z", "a{,2}"),
    *("(?i)", "(?s:a.b)", "(?-i:K)", "(?P<n>ab)", "(?<n>ab)", "()", "(?:)", "a||b"),
]
REPETITIONS = ["*", "+", "?", "*?", "+?", "??", "{2}", "{0}", "{0,1}", "{2,3}", "{3,}", "{5}"]


def combined(
    patterns: strategies.SearchStrategy[str],
) -> strategies.SearchStrategy[str]:
    several = strategies.lists(patterns, min_size=2, max_size=4)
    return strategies.one_of(
        several.map("".join),
        several.map(lambda parts: f"(?:{'|'.join(parts)})"),
        strategies.tuples(patterns, strategies.sampled_from(REPETITIONS)).map(
            lambda pair: f"({pair[0]}){pair[1]}"
        ),
        strategies.tuples(patterns, strategies.sampled_from(REPETITIONS)).map("".join),
    )


PATTERNS = strategies.recursive(strategies.sampled_from(ATOMS), combined, max_leaves=12)
TEXTS = strategies.lists(
    strategies.sampled_from([*"abcAkKſsßẞéÉ.\n -/{}]1", "foo", "bar", "bazqux", "a.b", "abab"]),
    max_size=14,
).map("".join)


def holds(required: Required, own: frozenset[int]) -> bool:
    return required.grams <= own and all(
        any(holds(each, own) for each in group) for group in required.alternatives
    )


def has(required: Required, text: str) -> bool:
    return holds(required, frozenset(grams(text).tolist()))


@settings(max_examples=500)
@given(PATTERNS, strategies.lists(TEXTS, min_size=20, max_size=20))
def test_no_text_that_matches_is_left_out(pattern: str, texts: list[str]) -> None:
    options = re2.Options()
    options.case_sensitive, options.log_errors = False, False
    try:
        matcher = re2.compile(pattern, options)
    except re2.error:
        assume(False)
    finally:
        re2.purge()
    required = by_pattern(pattern)
    crosses_lines = Pattern(pattern, is_regex=True).crosses_lines
    for text in texts:
        for found in matcher.finditer(text):
            assert has(required, text)
            assert crosses_lines or "\n" not in found[0]


@pytest.mark.parametrize(
    "pattern", [r"def \w+\(", "a.*b", r"[A-Za-z_][\w.-]*", r"(?i)x{2,3}?|(?P<s>y)", "^a$", r"\.\t"]
)
def test_common_patterns_stay_within_a_line(pattern: str) -> None:
    assert not Pattern(pattern, is_regex=True).crosses_lines


@pytest.mark.parametrize(
    "pattern", [r"a\nb", "a\nb", "[^a]", r"\s", r"\W", "(?s)a.b", "(?is:a.b)", r"[\s\S]", r"a\Q\n"]
)
def test_patterns_that_cross_lines_are_known(pattern: str) -> None:
    assert Pattern(pattern, is_regex=True).crosses_lines


@pytest.mark.parametrize(
    ("pattern", "kept", "left_out"),
    [
        ("retry", "def RETRY():", "try"),
        ("foo.*bar", "bar foo", "foo ba r"),
        ("(get|set)_value", "get_value", "let_value"),
        ("(get|set|)_value", "x_value", "value"),
        ("colou?r", "color", "colo"),
        ("(abc){2}", "abcabc", "abc"),
        ("(abc){2,}x", "abcabcx", "abcx"),
        ("(abc)+x", "abcx", "ab cx"),
        ("[Tt]imeout", "timeout", "imeout"),
        ("a[xyz]b", "ayb", "aab"),
        (r"\bdef\s+main", "def main", "main"),
        (r"\Qa.b.c\E", "a.b.c", "aXb.c"),
        ("(?i)Straße", "STRASSE STRAẞE", "STRASSE"),
        ("日本語", "日本語", "日本"),
    ],
)
def test_texts_that_cannot_match_are_left_out(pattern: str, kept: str, left_out: str) -> None:
    required = by_pattern(pattern)
    assert has(required, kept)
    assert not has(required, left_out)


@pytest.mark.parametrize(
    "pattern",
    ["", "a", "ab", ".*", r"\d{4}-\d{2}", "(abc)?", "(abc|)", "abc|d", "[[:alpha:]]+", r"a\b*"],
)
def test_some_patterns_require_nothing(pattern: str) -> None:
    assert not by_pattern(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        "abcd" * 500,
        "|".join(f"alternative{number}" for number in range(140)),
        "".join(f"(one{number}|two{number})" for number in range(120)),
        "(" * 900 + "abc" + ")" * 900,
        "(?:" * 300 + "abc" + "){2}" * 8 + ")" * 292,
        "[abcdefgh]" * 190,
        "(?:[ab][cd][ef][gh]){3}" * 80,
    ],
)
def test_what_is_required_is_bounded(pattern: str) -> None:
    assert len(by_pattern(pattern).all_grams()) <= MAX_MENTIONED


def test_a_long_literal_requires_some_of_its_grams() -> None:
    text = "".join(chr(0x61 + number % 26) + str(number) for number in range(500))
    required = by_literal(text)
    assert 6 <= len(required.all_grams()) <= 12
    assert has(required, text)

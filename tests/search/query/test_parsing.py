from __future__ import annotations

import pytest

from search.query import parsing
from search.query.parsing import BadQuery


def test_words_are_identifiers_and_their_parts() -> None:
    words = parsing.parse_query("a readCSVFile of utf8_text, 404").words
    assert words == ("a", "readcsvfile", "readcsv", "read", "csvfile", "csv", "file", "of",
                     "utf8text", "utf8", "utf", "8", "text", "404")  # fmt: skip


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        (" \n\t", "empty"),
        ("a\x00b", "NUL"),
        ("\x00", "NUL"),
        ("a\udc80b", "UTF-8"),
        ("x" * 2_001, "2,001 characters"),
    ],
)
def test_what_cannot_be_searched_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(BadQuery, match=reason):
        parsing.parse_query(text)


def test_the_longest_query_is_allowed() -> None:
    assert parsing.parse_query("x" * 2_000).text == "x" * 2_000

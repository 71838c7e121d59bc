"""How a query for lines is read: what is a pattern, what is a filter, and what is text."""

from __future__ import annotations

import time

import pytest
from django.contrib.auth.models import AnonymousUser

from search.lines.request import LineRequest, Position, is_regex, parse_lines
from search.query.filters import Field, Filter

PATH = Filter(Field.PATH, "src")
NOT_GO = Filter(Field.LANGUAGE, "go", excluded=True)


def parsed(text: str, **parameters: str) -> LineRequest:
    values = {name: [value] for name, value in {"q": text, **parameters}.items()}
    return parse_lines(AnonymousUser(), values)


@pytest.mark.parametrize(
    ("typed", "text", "regex", "filters"),
    [
        ("/a b/", "a b", True, ()),
        ("/a/ path:src", "a", True, (PATH,)),
        ("path:src /a/ -lang:go", "a", True, (PATH, NOT_GO)),
        ("/src/http/", "src/http", True, ()),
        (r"/a\/ b/", r"a\/ b", True, ()),
        ("/a/ b", "/a/ b", False, ()),
        ("a /b/", "a /b/", False, ()),
        ("/usr/bin/env", "/usr/bin/env", False, ()),
        ("//", "//", False, ()),
        ("a  b", "a  b", False, ()),
        ('"  a  "', "  a  ", False, ()),
        ('"a" + "b"', '"a" + "b"', False, ()),
        ('print("a") path:src', 'print("a")', False, (PATH,)),
        ("kind:class", "kind:class", False, ()),
        ("xpath:src", "xpath:src", False, ()),
        ("a\npath:src", "a\npath:src", False, ()),
    ],
)
def test_a_query_is_a_pattern_or_text_and_filters(
    typed: str, text: str, regex: bool, filters: tuple[Filter, ...]
) -> None:
    request = parsed(typed)
    assert (request.pattern.text, request.pattern.is_regex) == (text, regex)
    assert tuple(request.filters) == filters
    assert is_regex(typed) == regex


def test_modes_read_the_same_query_otherwise() -> None:
    assert parsed("/a/ path:src", mode="exact").pattern.text == "/a/"
    pattern = parsed("a b path:src", mode="regex").pattern
    assert (pattern.text, pattern.is_regex) == ("a b", True)
    assert parsed("/a/", mode="regex").pattern.text == "a"


def test_a_position_is_written_and_read() -> None:
    position = Position("shop", "alice", "", "src/é.py", 3, 14, complete=False)
    assert parsed("a", after=position.written()).after == position


@pytest.mark.parametrize("piece", ["/a ", " /a", "/ ", 'path:"', " -path:a/", "\\/", "/\\"])
def test_no_query_takes_long_to_read(piece: str) -> None:
    began = time.process_time()
    is_regex(piece * (2_000 // len(piece)))
    is_regex(piece * 1_000_000)
    assert time.process_time() - began < 1

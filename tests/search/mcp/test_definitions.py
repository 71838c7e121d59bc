"""The tool `search`."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User

from codeindex.models import Repository
from search.mcp import tokens
from tests import shelf
from tests.search.mcp.calling import COMMIT, CURSOR, Ask, Called
from tests.shelf import Written


def test_a_search_says_where_code_is_and_of_which_commit(
    ask: Ask, alice: User, shop: Repository
) -> None:
    answer = ask("search", alice, query="read a file")
    assert answer == Called(
        "1 result for “read a file”, best first.\n"
        "1. alice/shop:src/load.py#L1-L6  function load\n"
        f"   ({COMMIT})\n"
        "   def load(path):\n"
        "   — Read a file as text.",
        is_error=False,
    )


def test_as_much_of_a_result_is_shown_as_is_asked_for(
    ask: Ask, alice: User, shop: Repository
) -> None:
    location = ask("search", alice, query="read a file", detail="location").text
    assert "def load" not in location
    assert "load.py#L1-L6" in location
    body = ask("search", alice, query="read a file", detail="body").text
    assert "        return file.read()" in body


def test_a_signature_goes_on_until_its_brackets_close(ask: Ask, alice: User) -> None:
    source = (
        "    @cached\n    def retry(\n        url,\n        times,\n    ):\n        backoff(url)\n"
    )
    shelf.put(shelf.repository(alice), "a.py", Written(source, "retry"))
    shown = ask("search", alice, query="retry").text
    assert shown.endswith("   def retry(\n       url,\n       times,\n   ):")


def test_a_module_is_shown_by_what_it_says_of_itself(ask: Ask, alice: User) -> None:
    source = '"""Carts, and what is in them."""\n\nimport shop\n'
    written = Written(source, "", kind="module", docstring="Carts, and what is in them.")
    shelf.put(shelf.repository(alice), "cart.py", written)
    shown = ask("search", alice, query="carts").text
    assert shown.endswith(f"module cart\n   ({COMMIT})\n   — Carts, and what is in them.")


def test_filters_are_those_of_every_search(ask: Ask, alice: User, shop: Repository) -> None:
    assert "add.py" in ask("search", alice, query="def", path=["src/add*"]).text
    assert "add.py" not in ask("search", alice, query="return", path=["-add"]).text
    assert ask("search", alice, query="x", lang=["go"]).text.startswith("No results")
    assert "load.py" in ask("search", alice, query="load", repo="alice/shop", lang="py").text


def test_a_search_goes_on_where_it_ended(ask: Ask, alice: User) -> None:
    shop = shelf.repository(alice)
    for number in range(25):
        shelf.put(shop, f"{number}.py", Written(f"def csv{number}(): csv", f"csv{number}"))
    seen, cursor = list[str](), ""
    for _ in range(3):
        answer = ask("search", alice, query="csv", cursor=cursor).text
        seen += re.findall(r"shop:(\d+\.py)", answer)
        cursor = CURSOR.search(answer)[1] if CURSOR.search(answer) else ""
    assert len(seen) == len(set(seen)) == 25
    assert not cursor


@pytest.mark.parametrize("detail", ["signature", "body"])
def test_an_answer_keeps_to_its_tokens_and_says_how_to_go_on(
    ask: Ask, alice: User, detail: str
) -> None:
    shop = shelf.repository(alice)
    for number in range(10):
        source = f"def csv{number}():\n" + "    rows = parse(csv, quoted, 1)\n" * 50
        shelf.put(shop, f"{number}.py", Written(source, f"csv{number}"))
    answer = ask("search", alice, query="csv", detail=detail, max_tokens=200).text
    assert tokens.count(answer) <= 200
    left = re.search(r"(\d+) of these results do not fit", answer)
    assert left is not None
    shown = re.findall(r"shop:(\d+)\.py", answer)
    assert len(set(shown)) + int(left[1]) == 10
    cursor = CURSOR.search(answer)
    assert cursor is not None
    further = ask("search", alice, query="csv", detail=detail, cursor=cursor[1]).text
    assert not set(shown) & set(re.findall(r"shop:(\d+)\.py", further))


def test_what_is_left_of_a_long_body_can_be_read(ask: Ask, alice: User) -> None:
    lines = ["def csv():", *(f"    row{number} = csv" for number in range(90))]
    shelf.put(shelf.repository(alice), "a.py", Written("\n".join(lines) + "\n", "csv"))
    answer = ask("search", alice, query="csv", detail="body", max_tokens=300).text
    rest = re.search(r"the rest: read (\S+)", answer)
    assert rest is not None
    assert ask("read", alice, id=rest[1], max_tokens=5000).text.endswith("91\t    row89 = csv")
    last_shown = re.findall(r"row(\d+) = csv", answer)[-1]
    assert f"#L{int(last_shown) + 3}-L91" in rest[1]


def test_what_a_search_relaxed_is_said(ask: Ask, alice: User, shop: Repository) -> None:
    assert "Note: " in ask("search", alice, query='load "no such phrase"').text


def test_a_misspelt_word_is_corrected(ask: Ask, alice: User) -> None:
    shop = shelf.repository(alice)
    for number in range(5):
        shelf.put(shop, f"{number}.py", Written(f"def backoff{number}(): backoff", "backoff"))
    assert "Note: Did you mean “backoff”?" in ask("search", alice, query="bakcoff").text

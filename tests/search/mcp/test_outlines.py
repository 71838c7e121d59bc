"""The tool `outline`."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User

from codeindex.models import Repository
from search.mcp import outlines, tokens
from tests import shelf
from tests.search.mcp.calling import COMMIT, Ask
from tests.shelf import Written

CART = """class Cart:
    def add(self):
        def inner():
            pass


def pay():
    pass
"""


def test_an_outline_shows_folders_files_and_definitions(
    ask: Ask, alice: User, shop: Repository
) -> None:
    shelf.put(shop, "src/deep/er/x.py", Written("def x(): ...", "x"))
    assert ask("outline", alice, repo="alice/shop").text == (
        f"alice/shop: ({COMMIT})\nsrc/add.py  python\nsrc/deep/  1 file\nsrc/load.py  python"
    )
    assert "src/\t" not in ask("outline", alice, repo="shop", path="src/deep", depth=2).text
    below = ask("outline", alice, repo="shop", path="src/deep", depth=2).text
    assert below.endswith("\ner/x.py  python")
    shelf.put_source(shop, "cart.py", CART)
    file = ask("outline", alice, repo="shop", path="cart.py").text
    assert file == (
        f"alice/shop:cart.py: python, 8 lines, 3 definitions ({COMMIT})\n"
        "L1-L4 class Cart\n"
        "  L2-L4 method Cart.add\n"
        "L7-L8 function pay"
    )
    assert ask("outline", alice, repo="shop", path="none").is_error
    assert ask("outline", alice, repo="none").is_error


def test_an_outline_that_does_not_fit_says_what_is_left(ask: Ask, alice: User) -> None:
    shop = shelf.repository(alice)
    for number in range(100):
        shelf.put(shop, f"folder/{number}.py", Written("def a(): ...", "a"))
    answer = ask("outline", alice, repo="shop", max_tokens=300).text
    assert tokens.count(answer) <= 300
    left = re.search(r"(\d+) more do not fit", answer)
    assert left is not None
    assert answer.count(".py") + int(left[1]) == 100


def test_a_long_outline_says_that_it_is_not_whole(
    ask: Ask, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outlines, "MOST_ENTRIES", 3)
    monkeypatch.setattr(outlines, "MOST_DEFINITIONS", 2)
    shop = shelf.repository(alice)
    for number in range(3):
        shelf.put(shop, f"{number}.py", Written("def a(): ...", "a"))
    assert "more do not fit" not in ask("outline", alice, repo="shop").text
    shelf.put_source(shop, "cart.py", CART)
    folder = ask("outline", alice, repo="shop").text
    assert "At least 1 more do not fit" in folder
    assert "cart.py" not in folder
    file = ask("outline", alice, repo="shop", path="cart.py").text
    assert "At least 1 more do not fit" in file

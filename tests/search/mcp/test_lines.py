"""The tool `grep`."""

from __future__ import annotations

import re

from django.contrib.auth.models import User

from codeindex.models import Repository
from search.mcp import tokens
from tests import shelf
from tests.search.mcp.calling import COMMIT, CURSOR, Ask
from tests.shelf import Written


def test_grep_takes_patterns_as_they_are(ask: Ask, alice: User, shop: Repository) -> None:
    assert ask("grep", alice, pattern=r"return \w+\.read").text == (
        "1 line in 1 file with “return \\w+\\.read”.\n"
        f"alice/shop:src/load.py  ({COMMIT})\n"
        "  6:         return file.read()"
    )
    assert ask("grep", alice, pattern=".read(", fixed=True).text.startswith("1 line in 1 file")
    assert ask("grep", alice, pattern="RETURN").text.startswith("0 lines")
    assert ask("grep", alice, pattern="(?i)RETURN").text.startswith("2 lines in 2 files")
    assert ask("grep", alice, pattern="^    return", path="add").text.startswith("1 line in 1 file")
    shelf.put(shop, "b.py", Written("repo:shop lang:python\n", "b"))
    assert "b.py" in ask("grep", alice, pattern="repo:shop", fixed=True).text
    assert "b.py" in ask("grep", alice, pattern="/?lang:py").text


def test_grep_goes_on_where_its_answer_was_cut(ask: Ask, alice: User) -> None:
    shop = shelf.repository(alice)
    for number in range(12):
        shelf.put(shop, f"{number:02}.py", Written(f"# {number}\n" + "csv = row\n" * 9, "csv"))
    seen, cursor = list[str](), ""
    for _ in range(20):
        answer = ask("grep", alice, pattern="csv", max_tokens=250, limit=5, cursor=cursor).text
        assert tokens.count(answer) <= 250
        assert "108 lines in 12 files" in answer
        seen += re.findall(r"shop:(\d+\.py)", answer)
        if not (goes_on := CURSOR.search(answer)):
            break
        cursor = goes_on[1]
    assert seen == [f"{number:02}.py" for number in range(12)]

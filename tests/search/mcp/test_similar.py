"""The tool `similar`, with an encoder."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from codeindex.models import Repository
from tests import shelf
from tests.search.mcp.calling import Ask

pytestmark = pytest.mark.usefixtures("encoded")


def test_code_like_a_definition_is_found(ask: Ask, alice: User) -> None:
    answer = ask("similar", alice, id="alice/shop:load.py#L2")
    assert answer.text.startswith(
        "1 definition similar to “alice/shop:load.py#L2”, by the cosine of vectors.\n"
        "1. alice/shop:add.py#L1-L2  function add, "
    )
    for by in ("meaning", "structure"):
        assert "add.py" in ask("similar", alice, id="alice/shop:load.py#L2", by=by).text


def test_code_like_given_code_is_found_within_repositories(
    ask: Ask, alice: User, charlie: User
) -> None:
    code = "def read(path):\n    return open(path).read()"
    assert "2 definitions similar to the code" in ask("similar", alice, code=code).text
    assert "No definition" in ask("similar", charlie, code=code).text
    shelf.repository(alice, "other")
    assert "No definition" in ask("similar", alice, code=code, repo="other").text
    assert "2 definitions" in ask("similar", alice, code=code, repo="-other").text
    assert ask("similar", alice, code=code, repo="none").is_error
    assert ask("similar", alice, code=code, lang="klingon").is_error
    assert Repository.objects.count() == 2


def test_a_search_by_meaning_says_how_close_results_are(ask: Ask, alice: User) -> None:
    answer = ask("search", alice, query="load").text
    assert "alice/shop:load.py#L1-L3  function load, exact" in answer

"""A result shows the lines around the query's words, the rarest first."""

from __future__ import annotations

from collections.abc import Sequence
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client

from codeindex.models import Repository
from search.excerpts import matching_lines
from search.results import SHOWN_LINES
from tests import shelf
from tests.search.asking import find
from tests.shelf import Written

RANKS = {"backoff": 0, "retries": 1, "retry": 1, "request": 2}


def lines(**words: str) -> list[str]:
    """Forty lines, some of which hold words: `l7="retry"`."""
    return [words.get(f"l{number}", "pass") for number in range(40)]


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        (lines(), []),
        (lines(l20="backoff"), range(17, 25)),
        (lines(l0="backoff"), range(8)),
        (lines(l39="retry"), range(32, 40)),
        (lines(l5="request", l30="backoff"), [4, 5, 6, 28, 29, 30, 31, 32]),
        (lines(l5="request", l9="request retry", l30="backoff"), [8, 9, 10, 28, 29, 30, 31, 32]),
        (lines(l5="retries", l30="retry"), range(2, 10)),
        (["backoff"], [0]),
        (["pass", "x = 86_400 + readBackoff()"], [0, 1]),
        (["pass", "backoffs"], []),
    ],
)
def test_the_lines_around_the_rarest_words_are_shown(
    source: list[str], shown: Sequence[int]
) -> None:
    assert matching_lines(source, RANKS) == list(shown)


SOURCE = "\n".join(
    ["def fetch(url):", *["    step(url)"] * 30, "    wait(<backoff>)", *["    step(url)"] * 30]
)


@pytest.fixture
def shop(db: None, alice: User) -> Repository:
    made = shelf.repository(alice)
    shelf.put(made, "http.py", Written(SOURCE, "fetch"))
    return made


@pytest.mark.usefixtures("shop")
class TestDoors:
    def test_words_are_ordered_by_how_rare_they_are(self, alice: User, shop: Repository) -> None:
        shelf.put(shop, "other.py", Written("def url(): ...", "url"))
        assert list(find(alice, "the url of backoffs").words) == ["backoffs", "url"]

    def test_the_page_shows_the_matching_lines(self, client: Client, alice: User) -> None:
        client.force_login(alice)
        shown = client.get("/", {"q": "backoff"}).content.decode()
        assert "wait(&lt;<mark>backoff</mark>&gt;)" in shown
        assert "⋯" not in shown
        assert "\n32\n" in shown.replace('aria-hidden="true">', "\n")
        assert "54 more lines" in shown
        assert "?q=backoff" in shown

    def test_a_definitions_page_marks_the_words(self, client: Client, alice: User) -> None:
        client.force_login(alice)
        url = find(alice, "backoff").results[0].definition.place.url
        assert "<mark>backoff</mark>" in client.get(url, {"q": "a backoff"}).content.decode()
        assert "<mark>" not in client.get(url).content.decode()
        assert client.get(url, {"q": "kind:nonsense x"}).status_code == 200

    def test_rest_has_the_lines_with_their_numbers(self, client: Client, alice: User) -> None:
        client.force_login(alice)
        (result,) = client.get("/api/v1/search", {"q": "backoff"}).json()["results"]
        assert len(result["lines"]) == SHOWN_LINES
        assert {"line": 32, "text": "    wait(<backoff>)"} in result["lines"]
        (result,) = client.get("/api/v1/search", {"q": "fetch"}).json()["results"]
        assert result["lines"][0] == {"line": 1, "text": "def fetch(url):"}

    def test_the_terminal_prints_them(self) -> None:
        out = StringIO()
        call_command("search", "backoff", stdout=out)
        assert "       32 │     wait(<backoff>)" in out.getvalue()
        assert "        … │" in out.getvalue()

"""A word that no code holds is corrected to one that some does."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.test import Client

from tests import shelf
from tests.search.asking import find
from tests.shelf import Written

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def shop(alice: User) -> None:
    shop = shelf.repository(alice)
    shelf.put(shop, "bind.go", Written("func ShouldBindJSON(): a request", "ShouldBindJSON"))
    shelf.put(shop, "load.py", Written("def load_config(): retries", "load_config"))
    shelf.put(shop, "retry.py", Written("def again(): retry", "again"))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("ShouldBindJSN", "ShouldBindJSON"),
        ("shouldbindjsoon", "ShouldBindJSON"),
        ("ShuoldBindJSON", "ShouldBindJSON"),
        ("gin.Context.ShouldBindXSON", "gin.Context.ShouldBindJSON"),
        ("c.ShouldBindJSN(&form)", "c.ShouldBindJSON(&form)"),
        ("load_confg", "load_config"),
        ("how is the requst retried lang:python", "how is the request retried lang:python"),
        ("retrry", "retry"),
    ],
)
def test_another_query_is_proposed(alice: User, typed: str, meant: str) -> None:
    assert find(alice, typed).correction == meant


@pytest.mark.parametrize(
    "typed", ["ShouldBindJSON", "shouldbindjson", "bnd", "ShouldBindTOML", "retries", "of the", "é"]
)
def test_nothing_is_proposed_for_what_is_known_or_unlike_everything(
    alice: User, typed: str
) -> None:
    assert find(alice, typed).correction == ""


def test_a_long_query_of_known_words_is_left_alone(alice: User) -> None:
    words = [f"wood{letter}{other}" for letter in "abcdef" for other in "ghijkl"]
    for word in words:
        shelf.put(shelf.repository(alice, word), "a.py", Written(f"def {word}(): {word}x", word))
    assert find(alice, " ".join(words)).correction == ""


def test_what_is_hidden_is_proposed_to_nobody(charlie: User) -> None:
    shelf.put(shelf.repository(charlie, "own"), "a.py", Written("def own(): x", "own"))
    assert find(charlie, "ShouldBindJSN").correction == ""
    assert find(AnonymousUser(), "ShouldBindJSN").correction == ""


def test_the_page_leads_to_it(alice: User, client: Client) -> None:
    client.force_login(alice)
    page = client.get("/", {"q": "ShouldBindJSN", "order": "plain"}).content.decode()
    assert '<a href="?q=ShouldBindJSON&amp;order=plain">ShouldBindJSON</a>' in page

"""Quotes are a filter where the user means that, and say so where they are none."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from tests import shelf
from tests.search.asking import find
from tests.shelf import Written

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def shelves(alice: User) -> None:
    shop = shelf.repository(alice)
    shelf.put(shop, "load.py", Written("def load(csv): read a csv", "load"))
    shelf.put(shop, "tests/check.py", Written("def check(csv): csv reader", "check"))
    shelf.put(shop, "say.py", Written("def say(): raise No('no column %r in %r')", "say"))


def found(user: User, text: str) -> tuple[set[str], str]:
    """The names of results, and the notices."""
    answer = find(user, text)
    names = {result.definition.place.qualified_name for result in answer.results}
    return names, " ".join(answer.notices)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('"read a csv"', {"load"}),
        ('csv "read a csv"', {"load"}),
        ('"csv reader" csv path:tests', {"check"}),
        ('csv -"nowhere at all"', {"load", "check"}),
    ],
)
def test_a_phrase_that_is_somewhere_is_a_filter(alice: User, text: str, names: set[str]) -> None:
    assert found(alice, text) == (names, "")


@pytest.mark.parametrize(
    ("text", "notice"),
    [
        ('csv "aa"', "No text contains “aa”; its words were searched instead."),
        ('csv "aa" "bb"', "No text contains “aa” or “bb”; their words were searched instead."),
        ('csv "read a csv" path:check', "No text contains “read a csv”; its words"),
        (
            'csv "read a csv" "csv reader"',
            "No text contains “read a csv” together with “csv reader”; their words",
        ),
    ],
)
def test_a_phrase_that_is_nowhere_is_searched_by_its_words(
    alice: User, text: str, notice: str
) -> None:
    names, notices = found(alice, text)
    assert "check" in names
    assert notice in notices


def test_only_the_phrase_that_is_nowhere_is_no_filter(alice: User) -> None:
    names, notices = found(alice, 'csv "csv reader" "aa"')
    assert names == {"check"}
    assert "No text contains “aa”;" in notices


@pytest.mark.parametrize(
    "text", ['Error: no column "csv" in "reader"', 'there is no column "csv" in "reader"']
)
def test_quotes_in_a_message_are_no_filter(alice: User, text: str) -> None:
    names, notices = found(alice, text)
    assert "say" in names
    assert "The query reads like a message: “csv” and “reader” need not be contained" in notices


def test_a_query_of_phrases_finds_nothing_else(alice: User) -> None:
    names, notices = found(alice, '"read a cvs" lang:python')
    assert names == set()
    assert "No text contains “read a cvs”." in notices


def test_a_phrase_that_only_hidden_code_contains_is_nowhere(alice: User, charlie: User) -> None:
    shelf.put(shelf.repository(charlie, "own"), "a.py", Written("def own(csv): ...", "own"))
    hidden = found(charlie, 'csv "read a csv"')
    assert hidden[0] == {"own"}
    nowhere = found(charlie, 'csv "xyz a csv"')
    assert hidden[1].replace("read", "xyz") == nowhere[1]

"""Filters by the last commit that changed a definition."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User
from django.test import Client

from codeindex.models import Commit, DefinitionChange, Repository
from search import engine
from search.query.filters import BadQuery
from search.request import parse_search
from tests import shelf
from tests.shelf import Written

PEOPLE = {"load": ("Ann Ames", 1), "read": ("Bea", 15), "open": ("Annika", 31)}
"""function → who changed it last, and on which day of January."""


@pytest.fixture(autouse=True)
def shop(alice: User) -> Repository:
    made = shelf.repository(alice)
    shelf.space()
    shelf.put(made, "old.py", Written("def old(csv): ...\n", "old"))
    for name, (author, day) in PEOPLE.items():
        file, definition = shelf.put(made, f"{name}.py", Written(f"def {name}(csv): ...\n", name))
        commit = Commit.objects.create(
            repository=made,
            sha=f"{day:040}",
            author=author,
            authored=datetime(2026, 1, day, 12, tzinfo=UTC),
            subject="change",
        )
        DefinitionChange.objects.create(file=file, definition=definition, commit=commit)
    return made


def found(user: User, query: str) -> set[str]:
    answer = engine.find(parse_search(user, {"q": [query]}))
    return {result.definition.place.name for result in answer.results}


KEPT = {
    "csv author:ann": {"load", "open"},
    "csv author:BEA": {"read"},
    'csv author:"ann a"': {"load"},
    "csv author:%": set(),
    "csv -author:ann": {"read", "old"},
    "csv author:bea author:annika": {"read", "open"},
    "csv after:2026-01-15": {"read", "open"},
    "csv before:2026-01-15": {"load"},
    "csv author:ann after:2026-01-02": {"open"},
    "csv (author:bea OR path:old)": {"read", "old"},
    "csv NOT author:ann": {"read", "old"},
    "author:ann": {"load", "open"},
}  # type: dict[str, set[str]]


def test_keep_what_they_say(alice: User) -> None:
    assert {query: found(alice, query) for query in KEPT} == KEPT


def test_a_wrong_date_is_explained(alice: User) -> None:
    for date in ("yesterday", "2026-13-01", "2026-1-1", "20260101", "0000-01-01"):
        with pytest.raises(BadQuery, match="is not a date"):
            found(alice, f"csv after:{date}")


def test_a_stranger_learns_nothing_of_authors(charlie: User) -> None:
    assert found(charlie, "csv author:ann") == found(charlie, "csv author:nobody") == set()


def test_lines_are_not_filtered_by_author(client: Client, alice: User) -> None:
    client.force_login(alice)
    answer = client.get("/lines/", {"q": "csv", "author": "ann"})
    assert answer.status_code == 400
    assert "Lines cannot be filtered by author" in answer.content.decode()
    assert client.get("/api/v1/lines", {"q": "csv", "after": "x"}).status_code == 400
    assert client.get("/api/v1/lines", {"q": "csv"}).status_code == 200

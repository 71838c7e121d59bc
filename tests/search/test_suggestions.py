"""What a query is completed to while somebody types."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.test import Client
from hypothesis import HealthCheck, given, settings, strategies

from codeindex.models import Repository
from search.query.filters import BadQuery
from search.suggestions import MOST, suggestions
from tests import shelf
from tests.shelf import Written

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def shop(alice: User) -> Repository:
    shop = shelf.repository(alice, "shop")
    for number, name in enumerate(["Session", "Session.request", "session_id", "sess%on", "other"]):
        shelf.put(shop, f"src/{number}/sessions.py", Written(f"def f{number}(): {name}", name))
    shelf.put(shop, "src/my folder/sessions.py", Written("def g(): x", "g"))
    shelf.put(shop, "README.md", Written("Sessions", "Sessions", kind="section"))
    shelf.put(shelf.repository(alice, "session-store"), "a.py", Written("def h(): x", "h"))
    return shop


def queries(user: User | AnonymousUser, typed: str) -> list[str]:
    return [suggestion.query for suggestion in suggestions(user, typed)]


def test_a_word_is_completed_to_names_files_and_repositories(alice: User) -> None:
    found = [(str(each.kind), each.query) for each in suggestions(alice, "sess")]
    assert found == [
        ("name", "sess%on"),
        ("name", "Session"),
        ("name", "session_id"),
        ("file", "sessions.py"),
        ("repository", "repo:session-store "),
    ]


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("REQ", ["request"]),
        ("close the sess", ["close the sess%on", "close the Session", "close the session_id",
                            "close the repo:session-store "]),
        ("sess%", ["sess%on"]),
        ("session_", ["session_id"]),
        ("close repo:s", ["close repo:session-store ", "close repo:shop "]),
        ("repo:alice/sh", ["repo:alice/shop "]),
        ("-repo:sho", ["-repo:shop "]),
        ("lang:pyth", ["lang:python "]),
        ("x (kind:cl", ["x (kind:class "]),
        ("path:my folder/ses", []),
        ("x path:src/1/sess", ["x path:src/1/sessions.py "]),
        ("s", []),
        ("", []),
        ("sess ", []),
        ("path:", []),
        ("lang:xx", []),
        ("x" * 200, []),
    ],
)  # fmt: skip
def test_the_last_word_is_completed(alice: User, typed: str, completed: list[str]) -> None:
    assert queries(alice, typed) == completed


def test_a_path_with_a_blank_is_quoted(alice: User) -> None:
    assert 'path:"src/my folder/sessions.py" ' in queries(alice, "path:sessions")


def test_there_are_few(alice: User) -> None:
    many = shelf.repository(alice, "many")
    for number in range(2 * MOST):
        shelf.put(many, f"{number}.py", Written(f"def g(): {number}", f"serve{number:02}"))
    assert queries(alice, "serve") == [f"serve{number:02}" for number in range(MOST)]


def test_nothing_hidden_is_proposed(bob: User, charlie: User, shop: Repository) -> None:
    for user in (AnonymousUser(), charlie, bob):
        for typed in ("sess", "repo:s", "path:sess", "repo:alice/sh"):
            assert queries(user, typed) == []


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(strategies.text(max_size=20) | strategies.text("ab'\\%_:*(\"/ repopath", max_size=20))
def test_anything_may_be_typed(alice: User, typed: str) -> None:
    try:
        found = suggestions(alice, typed)
    except BadQuery:
        return
    assert len(found) <= MOST


def test_rest_answers_with_them(alice: User, client: Client) -> None:
    client.force_login(alice)
    answer: Any = client.get("/api/v1/suggestions", {"q": "req"}).json()
    assert answer == {"suggestions": [{"kind": "name", "text": "request", "query": "request"}]}
    assert client.get("/api/v1/suggestions", {"q": "a\0"}).status_code == 400

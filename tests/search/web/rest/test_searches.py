from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from codeindex.accounts import tokens
from codeindex.models import Visibility
from search.web.rest.serializers import (
    AnswerSerializer,
    PlaceSerializer,
    ResultSerializer,
    ScoreSerializer,
)
from tests import shelf
from tests.search.test_commands import RESULT_KEYS
from tests.shelf import Written


@pytest.fixture
def shop(alice: User) -> None:
    made = shelf.repository(alice)
    shelf.put(made, "src/load.py", Written("def load(csv): ...", "load", docstring="Reads it."))


def test_finds(client: Client, alice: User, shop: None) -> None:
    client.force_login(alice)
    response = client.get("/api/v1/search", {"q": "load a csv"})
    assert response.status_code == 200
    answer = response.json()
    assert (answer["query"], answer["notices"]) == ("load a csv", [])
    (result,) = answer["results"]
    assert set(result) == RESULT_KEYS
    assert result["qualified_name"] == "load"
    assert client.get(result["url"]).status_code == 200
    assert result["url"].startswith("http://testserver/files/")


def test_a_token_signs_in(client: Client, alice: User, shop: None) -> None:
    signed = {"Authorization": f"Token {tokens.issue(alice, by=alice)}"}
    results = client.get("/api/v1/search", {"q": "csv"}, headers=signed).json()["results"]
    assert [result["path"] for result in results] == ["src/load.py"]
    wrong = client.get("/api/v1/search", {"q": "csv"}, headers={"Authorization": "Token no"})
    assert wrong.status_code == 401


def test_without_an_account_what_is_public_is_found(
    client: Client, alice: User, shop: None
) -> None:
    assert client.get("/api/v1/search", {"q": "csv"}).json()["results"] == []
    public = shelf.repository(alice, "open", visibility=Visibility.PUBLIC)
    shelf.put(public, "open.py", Written("def csv(): ...", "csv"))
    (result,) = client.get("/api/v1/search", {"q": "csv"}).json()["results"]
    assert result["path"] == "open.py"


def test_results_can_be_grouped_by_file(client: Client, alice: User) -> None:
    made = shelf.repository(alice)
    file, best = shelf.put(made, "a.py", Written("def csv(): ...", "csv"))
    _, other = shelf.put(made, "gone.py", Written("def more(csv): rows", "more"), live=False)
    other.blob = best.blob
    other.save()
    shelf.put(made, "b.py", Written("def rest(csv): many, other, words", "rest"))
    client.force_login(alice)
    results = client.get("/api/v1/search", {"q": "csv", "group": "file"}).json()["results"]
    assert [
        (result["path"], [place["qualified_name"] for place in result["also"]])
        for result in results
    ] == [
        ("a.py", ["more"]),
        ("b.py", []),
    ]
    assert results[0]["also"][0].keys() == PlaceSerializer().fields.keys()
    assert (
        results[0]["also"][0]["url"]
        == f"http://testserver{reverse('definition', args=[file.pk, other.pk])}"
    )
    limited = client.get("/api/v1/search", {"q": "csv", "group": "file", "limit": 1}).json()
    assert [result["path"] for result in limited["results"]] == ["a.py"]
    single = client.get("/api/v1/search", {"q": "csv"}).json()["results"]
    assert [len(result["also"]) for result in single] == [0, 0, 0]
    shown = client.get("/?q=csv&group=file").content.decode()
    assert "1 more in this file" in shown
    assert client.get("/?q=csv&group=folder").status_code == 400


def test_an_answer_is_as_it_is_described(client: Client, alice: User, shop: None) -> None:
    client.force_login(alice)
    answer = client.get("/api/v1/search", {"q": "csv"}).json()
    result = answer["results"][0]
    assert answer.keys() == AnswerSerializer().fields.keys()
    assert result.keys() == ResultSerializer().fields.keys()
    assert result["score_parts"].keys() == ScoreSerializer().fields.keys()


@pytest.mark.parametrize(
    ("parameters", "field", "reason"),
    [
        ({}, "q", "The query is empty."),
        ({"q": ""}, "q", "The query is empty."),
        ({"q": "   "}, "q", "The query is empty."),
        ({"q": "x" * 3000}, "q", "The query has 3,000 characters; at most 2,000 are allowed."),
        ({"q": "a\x00b"}, "q", "Null characters are not allowed."),
        ({"q": "x", "limit": "0"}, "limit", "The limit must be a whole number from 1 to 200."),
        ({"q": "x", "limit": "many"}, "limit", "The limit must be a whole number from 1 to 200."),
    ],
)
def test_a_bad_query_gets_the_reason(
    client: Client, db: None, parameters: dict[str, str], field: str, reason: str
) -> None:
    response = client.get("/api/v1/search", parameters)
    assert response.status_code == 400
    assert response.json()["errors"] == {field: [reason]}


def test_a_hidden_repository_answers_as_an_unknown_one(
    client: Client, charlie: User, shop: None
) -> None:
    client.force_login(charlie)
    hidden = client.get("/api/v1/search", {"q": "csv", "repository": "shop"})
    unknown = client.get("/api/v1/search", {"q": "csv", "repository": "none"})
    assert hidden.status_code == unknown.status_code == 404
    assert hidden.json()["detail"] == "There is no repository shop."
    assert unknown.json()["detail"] == "There is no repository none."


def test_as_many_results_as_are_asked_for(client: Client, alice: User) -> None:
    shop = shelf.repository(alice)
    for number in range(201):
        shelf.put(shop, f"{number}.py", Written(f"def csv{number}(): csv", f"csv{number}"))
    client.force_login(alice)
    for limit in (10, 200):
        results = client.get("/api/v1/search", {"q": "csv", "limit": limit}).json()["results"]
        assert len({result["path"] for result in results}) == len(results) == limit

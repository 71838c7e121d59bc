"""Several searches in one request."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests import shelf
from tests.shelf import Written

BATCH = "/api/v1/search/batch"
JSON = "application/json"


@pytest.fixture
def signed(client: Client, alice: User) -> Client:
    shop = shelf.repository(alice)
    shelf.put(shop, "load.py", Written("def load(csv): ...", "load"))
    shelf.put(shop, "tests/save.py", Written("def save(csv, rows): ...", "save"))
    client.force_login(alice)
    return client


def ask(client: Client, queries: object, status: int = 200) -> Any:
    answer = client.post(BATCH, {"queries": queries}, JSON)
    assert answer.status_code == status, answer.content
    return answer.json()


def test_answers_come_in_the_order_of_the_queries(signed: Client) -> None:
    queries = [
        {"q": "load"},
        {"q": "csv", "path": ["tests"]},
        {"q": "csv", "limit": 1, "group": "file", "order": "plain", "balance": "words"},
    ]
    told = ask(signed, queries)["answers"]
    assert [each["problem"] for each in told] == [None] * 3
    assert [each["answer"]["query"] for each in told] == ["load", "csv", "csv"]
    found = [[row["path"] for row in each["answer"]["results"]] for each in told]
    assert (found[0][0], found[1], len(found[2])) == ("load.py", ["tests/save.py"], 1)


def test_each_is_the_answer_to_a_single_search(signed: Client) -> None:
    (told,) = ask(signed, [{"q": "csv lang:python", "repo": ["shop"]}])["answers"]
    alone = signed.get("/api/v1/search", {"q": "csv lang:python", "repo": "shop"}).json()
    assert told["answer"] == alone


def test_a_query_that_is_refused_leaves_the_others(signed: Client) -> None:
    told = ask(signed, [{"q": ""}, {"q": "csv"}, {"q": "csv", "repo": ["none"]}])["answers"]
    empty, found, unknown = told
    assert empty["answer"] is None
    assert (empty["problem"]["status"], list(empty["problem"]["errors"])) == (400, ["q"])
    assert len(found["answer"]["results"]) == 2
    assert unknown["problem"]["status"] == 404
    assert unknown["problem"]["detail"] == "There is no repository none."


def test_all_together_have_the_time_of_one(signed: Client, settings: Any) -> None:
    settings.CODEINDEX_SEARCH_SECONDS = 0
    told = ask(signed, [{"q": "csv"}, {"q": "load"}])["answers"]
    assert [each["problem"]["status"] for each in told] == [503, 503]


@pytest.mark.parametrize(
    ("queries", "field"),
    [
        ([], "queries"),
        ([{"q": "a"}] * 21, "queries"),
        ("a", "queries"),
        ([{"q": "a"}, "b"], "queries.1.non_field_errors"),
        ([{"q": "a", "limit": 0}], "queries.0.limit"),
        ([{"q": "a", "limit": "many"}], "queries.0.limit"),
        ([{"q": ["a"]}], "queries.0.q"),
        ([{"q": "a\0"}], "queries.0.q"),
        ([{"q": "a", "repo": "shop"}], "queries.0.repo"),
        ([{"q": "a", "order": "best"}], "queries.0.order"),
    ],
)
def test_what_is_no_batch_is_refused(signed: Client, queries: object, field: str) -> None:
    (told,) = ask(signed, queries, 400)["errors"]
    assert told.startswith(field)


def test_each_query_counts(signed: Client, settings: Any) -> None:
    settings.CODEINDEX_SEARCH_RATE = "5/hour"
    ask(signed, [{"q": "a"}] * 3)
    ask(signed, [{"q": "a"}] * 3, 429)


def test_a_stranger_finds_nothing(signed: Client, charlie: User) -> None:
    signed.force_login(charlie)
    hidden, unknown = ask(signed, [{"q": "csv", "repo": [name]} for name in ("shop", "none")])[
        "answers"
    ]
    assert hidden["problem"] | {"detail": ""} == unknown["problem"] | {"detail": ""}
    (told,) = ask(signed, [{"q": "csv"}])["answers"]
    assert told["answer"]["results"] == []

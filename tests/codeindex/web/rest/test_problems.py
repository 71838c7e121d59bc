"""Every error below /api/ is a problem as in RFC 9457."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client

from codeindex.accounts import tokens
from codeindex.models import Repository
from codeindex.web import overview
from tests import shelf

JSON = "application/json"
REPOSITORIES = "/api/v1/repositories"
MEMBERS = {"type", "title", "status", "detail"}


@pytest.fixture
def shop(alice: User) -> Repository:
    return shelf.repository(alice)


@pytest.fixture
def signed(alice: User) -> dict[str, str]:
    return {"Authorization": f"Token {tokens.issue(alice, by=alice)}"}


def problem(answer: HttpResponse, status: int) -> dict[str, Any]:
    """The problem that an answer with this status holds."""
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    told = answer.json()  # type: ignore[attr-defined]
    assert told.keys() >= MEMBERS
    assert told["status"] == status
    assert told["title"] == HTTPStatus(status).phrase
    assert told["detail"]
    return told


@pytest.mark.parametrize(
    "address",
    [
        "/api/",
        "/api/v1/none",
        "/api/v2/search",
        f"{REPOSITORIES}/x",
        f"{REPOSITORIES}/{'A' * 22}",
        f"{REPOSITORIES}/1/runs/x/cancel",
        "/api/v1/files/x/y/similar",
        "/api/v1/definitions/%00/references",
        "/api/v1/search/",
        "/api/v1/%ff",
    ],
)
def test_an_unknown_address(client: Client, db: None, address: str) -> None:
    for method in ("get", "post", "put", "patch", "delete"):
        told = problem(getattr(client, method)(address), 404)
        assert "Not found" in told["detail"]


def test_no_or_a_wrong_token(client: Client, db: None) -> None:
    for headers in ({}, {"Authorization": "Token none"}):
        answer = client.post(REPOSITORIES, headers=headers)
        problem(answer, 401)
        assert answer["WWW-Authenticate"].startswith("Bearer realm=")


def test_what_is_forbidden(client: Client, charlie: User, shop: Repository) -> None:
    Repository.objects.update(visibility="public")
    client.force_login(charlie)
    told = problem(client.delete(f"{REPOSITORIES}/{shop.pk}"), 403)
    assert told["detail"] == (
        "Only the owner of the repository, maintainers of its teams and administrators can do this."
    )


def test_a_hidden_row_is_as_an_unknown_one(client: Client, charlie: User, shop: Repository) -> None:
    client.force_login(charlie)
    hidden = problem(client.get(f"{REPOSITORIES}/{shop.pk}"), 404)
    assert hidden == problem(client.get(f"{REPOSITORIES}/{shop.pk + 1}"), 404)
    assert "Repository" not in hidden["detail"]  # the name of our table


@pytest.mark.parametrize("address", ["search", "lines", "schema", "repositories"])
def test_a_method_that_an_address_lacks(
    client: Client, signed: dict[str, str], address: str
) -> None:
    answer = client.put(f"/api/v1/{address}", headers=signed)
    problem(answer, 405)
    assert "GET" in answer["Allow"]


def test_a_client_that_does_not_take_json(client: Client, db: None) -> None:
    problem(client.get("/api/v1/search?q=a", headers={"Accept": "text/html"}), 406)


def test_a_large_body(client: Client, signed: dict[str, str]) -> None:
    body = b"x" * (1024**2 + 1)
    problem(client.post(REPOSITORIES, body, JSON, headers=signed), 413)


def test_a_body_of_another_kind(client: Client, signed: dict[str, str]) -> None:
    problem(client.post(REPOSITORIES, b"x", "text/csv", headers=signed), 415)


def test_a_body_that_is_no_json(client: Client, signed: dict[str, str]) -> None:
    told = problem(client.post(REPOSITORIES, b"{", JSON, headers=signed), 400)
    assert "errors" not in told


def test_fields_are_named_beside_the_members(client: Client, signed: dict[str, str]) -> None:
    body = b'{"visibility": "none"}'
    told = problem(client.post(REPOSITORIES, body, JSON, headers=signed), 400)
    reasons = {
        "url": ["This field is required."],
        "visibility": ['"none" is not a valid choice.'],
    }
    assert told["errors"] == reasons
    assert {name: told[name] for name in reasons} == reasons  # as in earlier versions
    assert "url: This field is required." in told["detail"]


@pytest.mark.parametrize("query", ["q=%00", "q=", "q=a&limit=x"])
def test_parameters_are_named(client: Client, db: None, query: str) -> None:
    told = problem(client.get(f"/api/v1/search?{query}"), 400)
    (name,) = told["errors"]
    assert told[name] == told["errors"][name]


def test_too_many_requests(client: Client, db: None, settings: Any) -> None:
    settings.CODEINDEX_ANONYMOUS_SEARCH_RATE = "1/hour"
    client.get("/api/v1/search?q=a")
    answer = client.get("/api/v1/search?q=a")
    problem(answer, 429)
    assert int(answer["Retry-After"]) > 0


@pytest.mark.parametrize(
    ("error", "status"), [(RuntimeError("a secret"), 500), (OperationalError("a secret"), 503)]
)
def test_a_failure_of_the_server(
    client: Client, db: None, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    def fail(_: object) -> None:
        raise error

    monkeypatch.setattr(overview, "for_repositories", fail)
    client.raise_request_exception = False
    told = problem(client.get(REPOSITORIES), status)
    assert "secret" not in told["detail"]


def test_a_search_at_its_time_limit(client: Client, db: None, settings: Any) -> None:
    settings.CODEINDEX_SEARCH_SECONDS = 0
    told = problem(client.get("/api/v1/search?q=a"), 503)
    assert told["detail"].startswith("The search took longer")


def test_a_page_has_a_page(client: Client, db: None) -> None:
    answer = client.get("/repositories/none/")
    assert answer.status_code == 404
    assert answer["Content-Type"].startswith("text/html")

"""Long lists over REST: plain lists, a page at a time."""

from __future__ import annotations

import re
from base64 import b64encode
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User
from django.test import Client

from codeindex.models import IndexRun, Repository, RunStatus, Visibility
from tests import shelf

REPOSITORIES = "/api/v1/repositories"


@pytest.fixture
def signed(client: Client, alice: User) -> Client:
    client.force_login(alice)
    return client


def read(client: Client, address: str) -> tuple[list[Any], dict[str, str]]:
    """A page, and the addresses of those around it."""
    answer = client.get(address)
    assert answer.status_code == 200, answer.content
    links = re.findall(r'<http://testserver([^>]+)>; rel="(\w+)"', answer.headers.get("Link", ""))
    return answer.json(), {rel: there for there, rel in links}


def walk(client: Client, address: str, rel: str = "next") -> list[list[Any]]:
    pages = list[list[Any]]()
    while True:
        shown, links = read(client, address)
        pages.append(shown)
        if rel not in links:
            return pages
        address = links[rel]


def test_a_client_that_knows_no_pages_gets_all(signed: Client, alice: User) -> None:
    for number in range(60):
        Repository.objects.create(owner=alice, name=f"r{number:02}", url="https://example.org/x")
    shown, links = read(signed, REPOSITORIES)
    assert [row["name"] for row in shown] == [f"r{number:02}" for number in range(60)]
    assert links == {}


def test_pages_hold_each_repository_once(signed: Client, alice: User, bob: User) -> None:
    for owner in (alice, bob):
        for name in ("a", "b", "b c", "ü", "z"):
            url = "https://example.org/x"
            Repository.objects.create(
                owner=owner, name=name, url=url, visibility=Visibility.INTERNAL
            )
    pages = walk(signed, f"{REPOSITORIES}?limit=3")
    assert [len(page) for page in pages] == [3, 3, 3, 1]
    ids = [row["id"] for page in pages for row in page]
    assert ids == [row["id"] for row in read(signed, REPOSITORIES)[0]]
    assert len(set(ids)) == 10


def test_pages_lead_back(signed: Client, alice: User) -> None:
    for name in "abcd":
        Repository.objects.create(owner=alice, name=name, url="https://example.org/x")
    _, first = read(signed, f"{REPOSITORIES}?limit=2")
    assert "prev" not in first
    second, links = read(signed, first["next"])
    assert [row["name"] for row in second] == ["c", "d"]
    assert [row["name"] for row in read(signed, links["prev"])[0]] == ["a", "b"]


def test_a_cursor_outlives_changes_and_hides_what_is_hidden(
    signed: Client, alice: User, bob: User
) -> None:
    for name in "abcd":
        Repository.objects.create(owner=alice, name=name, url="https://example.org/x")
        Repository.objects.create(owner=bob, name=f"{name}{name}", url="https://example.org/x")
    _, links = read(signed, f"{REPOSITORIES}?limit=2")
    Repository.objects.filter(name="b").delete()
    assert [row["name"] for row in read(signed, links["next"])[0]] == ["c", "d"]


def test_all_runs_can_be_read(signed: Client, alice: User) -> None:
    shop = shelf.repository(alice)
    branch = shop.branches.get()
    for _ in range(59):
        IndexRun.objects.create(branch=branch, status=RunStatus.CANCELLED)
    runs = f"{REPOSITORIES}/{shop.pk}/runs"
    assert [len(page) for page in walk(signed, runs)] == [50, 10]
    pages = walk(signed, f"{runs}?limit=7")
    assert len({run["id"] for page in pages for run in page}) == 60


@pytest.mark.parametrize("limit", ["0", "-1", "x", "1001", "9" * 30, "", "1.5"])
def test_a_limit_that_is_none_is_refused(signed: Client, limit: str) -> None:
    answer = signed.get(f"{REPOSITORIES}?limit={limit}")
    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == ["limit"]


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "é",
        b64encode(b"p=a\x00b").decode(),
        b64encode(b"o=x").decode(),
        "cD0%",
        "9" * 5000,
    ],
)
def test_a_cursor_that_is_none_is_refused(signed: Client, alice: User, cursor: str) -> None:
    shop = shelf.repository(alice)
    for address in (REPOSITORIES, f"{REPOSITORIES}/{shop.pk}/runs"):
        answer = signed.get(f"{address}?{urlencode({'cursor': cursor})}")
        assert answer.status_code == 400, cursor
        assert list(answer.json()["errors"]) == ["cursor"]


def test_a_time_that_is_none_is_refused(signed: Client, alice: User) -> None:
    shop = shelf.repository(alice)
    cursor = b64encode(b"p=yesterday").decode()
    answer = signed.get(f"{REPOSITORIES}/{shop.pk}/runs?{urlencode({'cursor': cursor})}")
    assert answer.status_code == 400

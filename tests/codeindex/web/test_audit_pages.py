"""Administrators read and export the audit, on a page and over REST."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User
from django.test import Client

from codeindex import audit
from codeindex.accounts import audit_trail, tokens
from codeindex.audit import Access, Door, Origin
from codeindex.models import AuditRecord, Scope
from tests.audited import empty, rows

PAGE, REST = "/audit/", "/api/v1/audit"


@pytest.fixture
def root(db: None) -> User:
    return User.objects.create_superuser("root")


@pytest.fixture
def browser(root: User) -> Client:
    client = Client()
    client.force_login(root)
    return client


@pytest.fixture
def recorded(root: User, browser: Client, alice: User, bob: User) -> None:
    """Two searches of Alice, one by a token; one of Bob on another day; one by nobody."""
    empty()
    with audit.from_origin(Origin(Door.PAGE, "192.0.2.1")):
        audit.note(Access.SEARCHED, alice, text="csv")
    with audit.from_origin(Origin(Door.API, "192.0.2.2", token="cix_11111111")):
        audit.note(Access.LINES_SEARCHED, alice, text="=HYPERLINK(1)")
    at = datetime(2024, 2, 29, 12, tzinfo=UTC)
    AuditRecord.objects.create(
        action="file_read", user="bob", door="page", subject="bob/shop:a,b.py", at=at
    )
    audit.note(Access.SEARCHED, None, text="<script>alert(1)</script>")


def texts(client: Client, query: str = "") -> list[str]:
    answer = client.get(f"{REST}?{query}")
    assert answer.status_code == 200, answer.content
    return [record["text"] or record["subject"] for record in answer.json()["records"]]


class TestFilters:
    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("user=alice", ["=HYPERLINK(1)", "csv"]),
            ("user=alice&action=searched", ["csv"]),
            ("door=api", ["=HYPERLINK(1)"]),
            ("token=cix_11111111", ["=HYPERLINK(1)"]),
            ("address=192.0.2.1", ["csv"]),
            ("subject=shop", ["bob/shop:a,b.py"]),
            ("until=2024-03-01T00:00Z", ["bob/shop:a,b.py"]),
            ("since=2024-03-01T00:00Z&user=bob", []),
            ("user=nobody", []),
        ],
    )
    def test_over_rest(self, browser: Client, recorded: None, query: str, found: list[str]) -> None:
        assert texts(browser, query) == found

    def test_on_the_page(self, browser: Client, recorded: None) -> None:
        told = browser.get(f"{PAGE}?since=2024-02-29&until=2024-02-29").content.decode()
        assert "bob/shop:a,b.py" in told
        assert "HYPERLINK" not in told

    def test_a_page_shows_text_as_text(self, browser: Client, recorded: None) -> None:
        told = browser.get(PAGE).content.decode()
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in told
        assert "<script>alert" not in told

    @pytest.mark.parametrize(
        "query", ["door=x", "action=x", "since=x", "cursor=0", "limit=0", "limit=1001", "cursor=x"]
    )
    def test_a_wrong_value_is_refused(self, browser: Client, query: str) -> None:
        answer = browser.get(f"{REST}?{query}")
        assert answer.status_code == 400
        assert list(answer.json()["errors"]) == [query.partition("=")[0]]


class TestPages:
    def test_follow_one_another_and_end(self, browser: Client, recorded: None) -> None:
        first = browser.get(f"{REST}?limit=3").json()
        second = browser.get(f"{REST}?limit=3&cursor={first['next']}").json()
        told = [record["text"] for record in (*first["records"], *second["records"])]
        assert told == ["<script>alert(1)</script>", "", "=HYPERLINK(1)", "csv"]
        assert second["next"] is None

    def test_on_the_page(self, browser: Client, root: User, recorded: None) -> None:
        for number in range(130):
            audit.note(Access.SEARCHED, root, text=f"query {number}")
        told = browser.get(f"{PAGE}?user=root").content.decode()
        assert told.count("<code>searched</code>") == 100
        assert "“query 129”" in told
        (older,) = [each for each in told.split('"') if each.startswith("?user=root&amp;before=")]
        rest = browser.get(PAGE + older.replace("&amp;", "&")).content.decode()
        assert "“query 29”" in rest
        assert ">Older<" not in rest


class TestExport:
    @pytest.mark.parametrize(
        "address", ["/audit/export/csv?user=alice", f"{REST}/export?format=csv&user=alice"]
    )
    def test_as_csv_without_formulas(self, browser: Client, recorded: None, address: str) -> None:
        answer = browser.get(address)
        assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert 'filename="audit.csv"' in answer.headers["Content-Disposition"]
        read = csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode()))
        assert [(row["user"], row["text"], row["token"]) for row in read] == [
            ("alice", "csv", ""),
            ("alice", "'=HYPERLINK(1)", "cix_11111111"),
        ]

    @pytest.mark.parametrize("address", ["/audit/export/jsonl", f"{REST}/export?format=jsonl"])
    def test_as_json_lines(
        self, browser: Client, recorded: None, address: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(audit_trail, "BATCH", 2)
        answer = browser.get(address)
        told = [json.loads(line) for line in b"".join(answer.streaming_content).splitlines()]
        assert [each["text"] for each in told] == [
            "csv", "=HYPERLINK(1)", "", "<script>alert(1)</script>", "",
        ]  # fmt: skip
        assert told[2]["at"] == "2024-02-29T12:00:00+00:00"
        assert told[-1]["action"] == "audit_read"

    @pytest.mark.parametrize("accept", ["text/csv", "application/jsonl", "*/*", "application/json"])
    def test_whatever_the_client_accepts(self, browser: Client, accept: str) -> None:
        answer = browser.get(f"{REST}/export?format=csv", headers={"Accept": accept})
        assert answer.status_code == 200

    def test_of_no_other_format(self, browser: Client) -> None:
        assert browser.get("/audit/export/xml").status_code == 404
        assert browser.get(f"{REST}/export?format=xml").status_code == 400
        assert browser.get(f"{REST}/export").status_code == 400


def test_reading_it_is_recorded(browser: Client, recorded: None) -> None:
    empty()
    browser.get(f"{PAGE}?user=alice")
    browser.get(f"{REST}?user=bob")
    browser.get(f"{REST}/export?format=csv")
    assert rows("user", "action", "door", "subject", "details") == [
        ("root", "audit_read", "page", "user=alice", ""),
        ("root", "audit_read", "api", "user=bob", ""),
        ("root", "audit_read", "api", "format=csv", "exported as csv"),
    ]


def test_it_takes_an_administrator_and_the_scope(alice: User, root: User) -> None:
    def status(user: User, *scopes: Scope) -> int:
        key = tokens.issue(user, by=user, scopes=scopes)
        return Client().get(REST, headers={"Authorization": f"Bearer {key}"}).status_code

    assert status(root, Scope.ADMIN) == 200
    assert status(root, Scope.SEARCH, Scope.INDEX) == 403
    assert status(alice, Scope.ADMIN) == 403


def test_the_link_is_for_administrators(client: Client, browser: Client, alice: User) -> None:
    client.force_login(alice)
    assert 'href="/audit/"' not in client.get("/").content.decode()
    assert 'href="/audit/"' in browser.get("/").content.decode()

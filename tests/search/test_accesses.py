"""The audit notes each search and each reading once, whichever door it comes through."""

from __future__ import annotations

import logging
from typing import Any

import psycopg
import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test import Client

from codeindex.accounts import tokens
from codeindex.models import Definition, SourceFile, Visibility
from tests import shelf
from tests.audited import empty, rows
from tests.search.mcp.calling import call
from tests.shelf import Written

COLUMNS = ("action", "user", "door", "token", "subject", "text")


@pytest.fixture
def shop(alice: User) -> SourceFile:
    made = shelf.repository(alice, "shop", visibility=Visibility.PUBLIC)
    file, _ = shelf.put(made, "load.py", Written("def load(csv): ...", "load"))
    empty()
    return file


@pytest.fixture
def browser(alice: User, shop: SourceFile) -> Client:
    client = Client(REMOTE_ADDR="192.0.2.7")
    client.force_login(alice)
    empty()
    return client


@pytest.fixture
def key(alice: User, shop: SourceFile) -> str:
    made = tokens.issue(alice, by=alice)
    empty()
    return made


class TestDoors:
    def test_the_pages(self, browser: Client, shop: SourceFile) -> None:
        file, definition = shop.pk, Definition.objects.get().pk
        for address, action, subject, text in (
            ("/?q=csv", "searched", "", "csv"),
            ("/lines/?q=csv", "lines_searched", "", "csv"),
            (f"/files/{file}/", "file_read", "alice/shop:load.py", ""),
            (f"/files/{file}/{definition}/", "definition_read", "alice/shop:load.py#L1-L1", ""),
            (f"/files/{file}/{definition}/similar/", "similar_searched", "load", ""),
            (f"/files/{file}/{definition}/why/", "vector_read", "alice/shop:load.py#L1-L1", ""),
            (
                f"/files/{file}/{definition}/references/",
                "references_read", "alice/shop:load.py#L1-L1", "",
            ),
            ("/r/alice/shop/", "folder_listed", "alice/shop:", ""),
            ("/repositories/?name=sho", "repositories_listed", "", "sho"),
            ("/similar/?code=def+f():+...", "similar_searched", "", "def f(): ..."),
        ):  # fmt: skip
            assert browser.get(address).status_code == 200, address
            assert rows(*COLUMNS) == [(action, "alice", "page", "", subject, text)], address

    def test_the_api_by_a_token(self, key: str, shop: SourceFile) -> None:
        definition = Definition.objects.get().pk
        client = Client(headers={"Authorization": f"Bearer {key}"})
        for address, action, text in (
            ("search?q=csv", "searched", "csv"),
            ("lines?q=csv", "lines_searched", "csv"),
            ("similar?code=x", "similar_searched", "x"),
            (f"files/{shop.pk}/{definition}/similar", "similar_searched", ""),
            ("files?repo=alice/shop&path=load.py", "file_read", ""),
            ("repositories?name=sho", "repositories_listed", "sho"),
            (f"definitions/{definition}", "definition_read", ""),
            (f"definitions/{definition}/references", "references_read", ""),
            (f"definitions/{definition}/callers", "references_read", ""),
            (f"definitions/{definition}/callees", "references_read", ""),
        ):
            assert client.get(f"/api/v1/{address}").status_code == 200, address
            told = rows("action", "user", "door", "token", "text")
            assert told == [(action, "alice", "api", key[: tokens.SHOWN], text)], address

    def test_agents_that_look_around(self, alice: User, shop: SourceFile) -> None:
        for tool, arguments, told in (
            ("outline", {"repo": "alice/shop"}, ("folder_listed", "alice/shop:", "", "")),
            (
                "outline",
                {"repo": "alice/shop", "path": "load.py"},
                ("file_read", "alice/shop:load.py", "outline", ""),
            ),
            ("repositories", {"query": "sho"}, ("repositories_listed", "", "", "sho")),
        ):
            assert not call(Client(), tool, arguments, alice).is_error
            created, noted = rows("action", "user", "door", "subject", "details", "text")
            assert created[0] == "token_created"
            assert noted == (told[0], "alice", "agent", *told[1:])

    def test_agents_that_find_nothing(self, alice: User, shop: SourceFile) -> None:
        assert call(Client(), "outline", {"repo": "alice/shop", "path": "none"}, alice).is_error
        assert rows("action") == [("token_created",)]

    def test_each_query_of_a_batch(self, key: str) -> None:
        client = Client(headers={"Authorization": f"Bearer {key}"})
        asked = {"queries": [{"q": "csv"}, {"q": "load"}]}
        assert client.post("/api/v1/search/batch", asked, "application/json").status_code == 200
        assert rows("action", "text") == [("searched", "csv"), ("searched", "load")]

    def test_a_session_s_request_of_the_api(self, browser: Client) -> None:
        browser.get("/api/v1/search?q=csv")
        assert rows("user", "door", "token") == [("alice", "api", "")]

    def test_a_stranger(self, shop: SourceFile) -> None:
        Client(REMOTE_ADDR="192.0.2.9").get("/?q=csv")
        assert rows("user", "user_id", "address") == [("", None, "192.0.2.9")]

    def test_the_command_line(self, shop: SourceFile) -> None:
        call_command("search", "csv")
        call_command("search", "csv", "--exact")
        call_command("references", "load")
        assert rows("action", "user", "door", "text") == [
            ("searched", "", "command", "csv"),
            ("lines_searched", "", "command", "csv"),
            ("references_read", "", "command", ""),
        ]

    def test_what_is_refused_is_not_read(self, browser: Client, bob: User) -> None:
        hidden = shelf.repository(bob, "hidden")
        file, definition = shelf.put(hidden, "a.py", Written("def a(): ..."))
        empty()
        too_long = f"/?q={'x' * 3000}"
        for address in (f"/files/{file.pk}/", f"/files/{file.pk}/{definition.pk}/", too_long):
            assert browser.get(address).status_code in (400, 404)
        assert rows(*COLUMNS) == []


class TestTheText:
    @pytest.mark.parametrize(("setting", "length"), [("keep", 3), ("hash", 64), ("omit", 0)])
    def test_is_kept_hashed_or_left_out(
        self, browser: Client, settings: Any, setting: str, length: int
    ) -> None:
        settings.CODEINDEX_AUDIT_TEXT = setting
        browser.get("/?q=csv")
        browser.get("/?q=csv")
        (first,), (second,) = rows("text")
        assert first == second
        assert len(first) == length

    def test_a_hash_needs_the_secret_key(self, browser: Client, settings: Any) -> None:
        settings.CODEINDEX_AUDIT_TEXT = "hash"
        browser.get("/api/v1/search?q=csv")
        settings.SECRET_KEY = "another"
        browser.get("/api/v1/search?q=csv")
        (first,), (second,) = rows("text")
        assert first != second


@pytest.mark.django_db(transaction=True)
def test_a_locked_table_fails_no_search(key: str, caplog: pytest.LogCaptureFixture) -> None:
    client = Client(headers={"Authorization": f"Bearer {key}"})
    with psycopg.connect(**connection.get_connection_params()) as other:
        other.execute("LOCK TABLE codeindex_auditrecord IN ACCESS EXCLUSIVE MODE")
        answer = client.get("/api/v1/search?q=csv")
    assert answer.status_code == 200
    assert [row["path"] for row in answer.json()["results"]] == ["load.py"]
    (error,) = [each for each in caplog.records if each.name == "codeindex.audit"]
    assert error.levelno == logging.ERROR
    assert "'action': 'searched'" in error.message
    assert rows(*COLUMNS) == []


@pytest.mark.django_db(transaction=True)
def test_a_search_writes_one_statement_more(
    key: str, django_assert_max_num_queries: Any, shop: SourceFile
) -> None:
    client = Client(headers={"Authorization": f"Bearer {key}"})
    client.get("/api/v1/search?q=csv")
    with django_assert_max_num_queries(50) as asked:
        client.get("/api/v1/search?q=csv")
    assert sum("codeindex_auditrecord" in each["sql"] for each in asked) == 1

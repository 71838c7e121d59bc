from __future__ import annotations

import importlib
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test import Client

from codeindex.accounts import tokens
from codeindex.models import Token
from tests import shelf

SECRET = "a long enough secret"


@pytest.fixture
def key(alice: User) -> str:
    alice.set_password(SECRET)
    alice.save()
    shelf.repository(alice, "shop")
    return tokens.issue(alice, "laptop", by=alice)


def is_taken(key: str) -> bool:
    """Whether Alice's private repository is told of. An unknown token is refused."""
    answer = Client().get("/api/v1/repositories", headers={"Authorization": f"Token {key}"})
    assert answer.status_code in (200, 401)
    return answer.status_code == 200 and bool(answer.json())


def stored() -> str:
    """All that the database has of tokens and sessions, as text."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(token)::text FROM codeindex_token AS token")
        rows = [row for (row,) in cursor.fetchall()]
        cursor.execute("SELECT row_to_json(session)::text FROM django_session AS session")
        return "\n".join([*rows, *(row for (row,) in cursor.fetchall())])


class TestOnThePage:
    def test_a_token_is_shown_once_and_stored_hashed(self, client: Client, alice: User) -> None:
        client.force_login(alice)
        made = client.post("/account/token", {"name": "laptop", "scopes": ["search"], "days": "7"})
        key = made.content.decode().partition("Authorization: Bearer ")[2].partition("<")[0]
        assert key.startswith("cix_")
        assert made.headers["Cache-Control"] == "private, no-store"
        assert tokens.signed_in(key)[0] == alice
        shown = client.get("/account/").content.decode()
        assert key not in shown
        assert "laptop" in shown
        assert key[:12] in shown
        assert key not in stored()
        assert key not in str(client.cookies)

    def test_one_or_all_are_revoked(self, client: Client, alice: User, key: str) -> None:
        other, third = tokens.issue(alice, by=alice), tokens.issue(alice, by=alice)
        client.force_login(alice)
        client.post("/account/token/revoke", {"token": key[:12]})
        assert [is_taken(token) for token in (key, other, third)] == [False, True, True]
        client.post("/account/token/revoke")
        assert [is_taken(token) for token in (key, other, third)] == [False] * 3

    def test_nobody_revokes_another_s(self, client: Client, charlie: User, key: str) -> None:
        client.force_login(charlie)
        client.post("/account/token/revoke", {"token": key[:12]})
        assert is_taken(key)

    def test_there_is_a_limit(self, client: Client, alice: User) -> None:
        client.force_login(alice)
        for _ in range(tokens.MOST_PER_USER - 1):
            tokens.issue(alice, by=alice)
        assert (
            client.post("/account/token", {"scopes": ["search"], "days": "90"}).status_code == 200
        )
        refused = client.post("/account/token", {"scopes": ["search"], "days": "90"})
        assert refused.status_code == 400
        assert "Revoke one of them first" in refused.content.decode()


class TestThePassword:
    def test_its_change_on_the_page_revokes(self, client: Client, alice: User, key: str) -> None:
        client.force_login(alice)
        new = "another long secret"
        form = {"old_password": SECRET, "new_password1": new, "new_password2": new}
        assert is_taken(key)
        assert client.post("/account/password/", form).status_code == 302
        assert not is_taken(key)

    @pytest.mark.parametrize("usable", ["true", "false"])
    def test_an_administrator_s_change_revokes(
        self, client: Client, alice: User, key: str, usable: str
    ) -> None:
        client.force_login(User.objects.create_superuser("administrator"))
        new = "another long secret" if usable == "true" else ""
        form = {"password1": new, "password2": new, "usable_password": usable}
        if usable == "false":
            form["unset-password"] = "1"
        answer = client.post(f"/admin/auth/user/{alice.pk}/password/", form)
        assert answer.status_code == 302
        assert not is_taken(key)

    def test_the_command_s_change_revokes(
        self, alice: User, key: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("getpass.getpass", lambda prompt: "another long secret")
        call_command("changepassword", "alice")
        assert not is_taken(key)

    def test_a_new_way_to_hash_it_revokes_nothing(
        self, client: Client, alice: User, settings: Any
    ) -> None:
        shelf.repository(alice, "shop")
        settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
        weak = PBKDF2PasswordHasher().encode(SECRET, "salt" * 6, iterations=1)
        User.objects.filter(pk=alice.pk).update(password=weak)
        alice.refresh_from_db()
        key = tokens.issue(alice, by=alice)
        form = {"username": "alice", "password": SECRET}
        assert client.post("/account/login/", form).status_code == 302
        alice.refresh_from_db()
        assert alice.password != weak
        assert is_taken(key)

    def test_tokens_of_an_earlier_one_are_deleted_with_the_next(
        self, alice: User, key: str
    ) -> None:
        alice.set_password("another long secret")
        alice.save()
        tokens.issue(alice, by=alice)
        assert Token.objects.count() == 1


def test_a_deactivated_user_s_token_is_refused(alice: User, key: str) -> None:
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert not is_taken(key)


def test_a_use_is_recorded_once_an_hour(alice: User, key: str) -> None:
    assert is_taken(key)
    first = Token.objects.get().last_used
    assert is_taken(key)
    assert first == Token.objects.get().last_used is not None


def test_a_request_is_signed_in_by_one_statement(
    alice: User, key: str, django_assert_num_queries: Any
) -> None:
    tokens.signed_in(key)
    with django_assert_num_queries(1):
        assert tokens.signed_in(key)[0] == alice


@pytest.mark.parametrize("wrong", ["", "no", "ü", "\ud800", "x" * 10_000, "%00", "a b"])
def test_what_is_no_token_is_refused(db: None, wrong: str) -> None:
    header = f"Token {wrong}".encode("utf-8", "surrogatepass").decode("latin-1")
    answer = Client().get("/api/v1/repositories", HTTP_AUTHORIZATION=header)
    assert answer.status_code == 401


def test_tokens_of_before_stay_valid_and_are_no_longer_in_the_clear(alice: User) -> None:
    old = "5f0c" * 10
    shelf.repository(alice, "shop")
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE authtoken_token"
            " (key varchar(40) PRIMARY KEY, created timestamptz, user_id int)"
        )
        cursor.execute("INSERT INTO authtoken_token VALUES (%s, now(), %s)", [old, alice.pk])
    migration = importlib.import_module("codeindex.migrations.0011_tokens")
    with connection.schema_editor() as editor:
        migration.hash_tokens(apps, editor)
    assert is_taken(old)
    assert old not in stored()
    assert "authtoken_token" not in connection.introspection.table_names()

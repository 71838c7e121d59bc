"""Who is signed in by which header, and what a token's scopes allow."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from functools import cache
from itertools import cycle, product
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import Resolver404, resolve
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator

from codeindex.accounts import tokens
from codeindex.models import Scope, Token
from codeindex.web.ids import Row, opaque
from tests import shelf

REPOSITORIES = "/api/v1/repositories"

NEEDS_NO_INDEX_SCOPE = {"similar", "search", "batch", "check", "encode", "names", "explain"}
"""What the address of a request that only reads may end with, although it is posted."""


@pytest.fixture
def shop(alice: User) -> None:
    shelf.repository(alice, "shop")


@cache
def operations() -> Sequence[tuple[str, str]]:
    """Method and address of everything that the API offers, with ids of nothing."""
    paths = SchemaGenerator().get_schema(public=True)["paths"]
    return [(method.upper(), filled(path)) for path in paths for method in paths[path]]


def filled(path: str) -> str:
    """An address of this form: not all ids may be plain numbers."""
    values = ["1", *(opaque(row, 1) for row in Row)]
    form = re.sub(r"{\w+}", "{}", path)
    addresses = (form.format(*ids) for ids in product(values, repeat=form.count("{}")))
    return next(address for address in addresses if is_address(address))


def is_address(path: str) -> bool:
    try:
        resolve(path)
    except Resolver404:
        return False
    return True


def ask(key: str, method: str = "GET", path: str = REPOSITORIES, scheme: str = "Bearer") -> Any:
    return Client().generic(method, path, headers={"Authorization": f"{scheme} {key}"})


@pytest.mark.parametrize("scheme", ["Bearer", "Token", "bearer", "TOKEN"])
def test_both_schemes_sign_in(alice: User, shop: None, scheme: str) -> None:
    answer = ask(tokens.issue(alice, by=alice), scheme=scheme)
    assert [row["name"] for row in answer.json()] == ["shop"]


class TestAKeyThatSignsNobodyIn:
    @pytest.fixture
    def refused(self, alice: User, bob: User, charlie: User) -> dict[str, str]:
        """Keys by what is wrong with them."""
        revoked, expired = (tokens.issue(alice, by=alice) for _ in range(2))
        tokens.revoke(alice, revoked[: tokens.SHOWN], by=alice)
        an_hour_ago = timezone.now() - timedelta(hours=1)
        Token.objects.filter(beginning=expired[: tokens.SHOWN]).update(expires=an_hour_ago)
        deactivated, removed = (tokens.issue(user, by=user) for user in (bob, charlie))
        User.objects.filter(pk=bob.pk).update(is_active=False)
        charlie.delete()
        return {
            "wrong": "cix_" + "0" * 40, "empty": "", "revoked": revoked, "expired": expired,
            "of a deactivated user": deactivated, "of a removed user": removed,
        }  # fmt: skip

    def test_is_401_on_every_route(self, refused: dict[str, str]) -> None:
        """On each with one of the keys, in turn."""
        asked = [*operations(), ("GET", "/api/v1/schema")]
        for (method, path), (what, key) in zip(asked, cycle(refused.items()), strict=False):
            answer = ask(key, method, path)
            assert answer.status_code == 401, (method, path, what)
            challenge = answer.headers["WWW-Authenticate"]
            assert challenge == 'Bearer realm="codeindex", error="invalid_token"'

    def test_is_401_whatever_is_wrong_with_it(self, refused: dict[str, str]) -> None:
        assert {ask(key).status_code for key in refused.values()} == {401}

    def test_an_expired_one_is_told_so(self, refused: dict[str, str]) -> None:
        assert "The token expired at 20" in ask(refused["expired"]).json()["detail"]
        assert ask(refused["revoked"]).json()["detail"] == "Invalid or revoked token."

    @pytest.mark.parametrize("header", ["Bearer", "Nothing x", "cix_000", "Bearer a b", "Token ü"])
    def test_a_malformed_header_is_401(self, shop: None, header: str) -> None:
        answer = Client().get(REPOSITORIES, headers={"Authorization": header})
        assert answer.status_code == 401

    def test_a_header_of_a_proxy_s_own_is_ignored(self, alice: User, shop: None) -> None:
        client = Client(headers={"Authorization": "Basic eDp5"})
        assert client.get(REPOSITORIES).json() == []
        client.force_login(alice)
        assert len(client.get(REPOSITORIES).json()) == 1


def test_without_a_key_nothing_changes_and_the_challenge_is_plain(db: None) -> None:
    for method, path in operations():
        if method == "GET" or path.rpartition("/")[2] in NEEDS_NO_INDEX_SCOPE:
            continue
        answer = Client().generic(method, path)
        assert answer.status_code == 401, (method, path)
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="codeindex"'


class TestScopes:
    def test_every_route_needs_exactly_one(self, alice: User) -> None:
        keys = {scope: tokens.issue(alice, by=alice, scopes=[scope]) for scope in Scope}
        for method, path in operations():
            answers = {scope: ask(key, method, path) for scope, key in keys.items()}
            refused = {scope for scope, answer in answers.items() if lacks(answer)}
            assert len(refused) == len(Scope) - 1, (method, path, refused)

    def test_reading_changing_and_administering_differ(self, alice: User, shop: None) -> None:
        expected = {
            ("GET", REPOSITORIES): Scope.SEARCH,
            ("GET", "/api/v1/search"): Scope.SEARCH,
            ("GET", "/api/v1/lines"): Scope.SEARCH,
            ("POST", REPOSITORIES): Scope.INDEX,
            ("DELETE", f"{REPOSITORIES}/1"): Scope.INDEX,
            ("PATCH", f"{REPOSITORIES}/1/rules"): Scope.INDEX,
            ("POST", f"{REPOSITORIES}/1/runs"): Scope.INDEX,
            ("POST", f"{REPOSITORIES}/1/runs/1/cancel"): Scope.INDEX,
            ("GET", "/api/v1/teams"): Scope.SEARCH,
            ("POST", "/api/v1/teams"): Scope.ADMIN,
            ("GET", "/api/v1/tokens"): Scope.ADMIN,
            ("POST", "/api/v1/tokens"): Scope.ADMIN,
        }
        for (method, path), scope in expected.items():
            others = [other for other in Scope if other != scope]
            answer = ask(tokens.issue(alice, by=alice, scopes=others), method, path)
            assert answer.status_code == 403, (method, path)
            assert answer.json()["detail"] == f'The token lacks the scope "{scope.value}".'
            challenge = f'error="insufficient_scope", scope="{scope.value}"'
            assert challenge in answer.headers["WWW-Authenticate"]

    def test_a_session_has_all(self, client: Client, alice: User) -> None:
        client.force_login(alice)
        assert client.get("/api/v1/tokens").json() == []

    def test_a_token_of_an_old_version_has_all(self, alice: User) -> None:
        old = Token.objects.create(user=alice, digest="0" * 64, beginning="cix_0", password="")
        old.refresh_from_db()
        assert set(old.scopes) == set(Scope)
        assert old.expires is None


def lacks(answer: Any) -> bool:
    return answer.status_code == 403 and "insufficient_scope" in answer.headers.get(
        "WWW-Authenticate", ""
    )


class TestOverRest:
    def test_a_token_is_created_used_listed_and_revoked(self, alice: User, shop: None) -> None:
        first = tokens.issue(alice, by=alice)
        wanted = {"name": "robot", "scopes": ["search", "index"], "days": 7}
        client = Client(headers={"Authorization": f"Bearer {first}"})
        made = client.post("/api/v1/tokens", wanted, "application/json")
        assert made.status_code == 201
        key = made.json()["key"]
        assert len(ask(key).json()) == 1
        robot = client.get("/api/v1/tokens").json()[0]
        assert (robot["id"], robot["name"]) == (key[: tokens.SHOWN], "robot")
        assert robot["scopes"] == ["search", "index"]
        assert robot["last_used"] is not None
        assert key not in client.get("/api/v1/tokens").content.decode()
        assert client.delete(f"/api/v1/tokens/{robot['id']}").status_code == 204
        assert ask(key).status_code == 401
        assert client.delete(f"/api/v1/tokens/{robot['id']}").status_code == 404

    def test_by_default_it_searches_for_ninety_days(self, client: Client, alice: User) -> None:
        client.force_login(alice)
        assert client.post("/api/v1/tokens", {}, "application/json").status_code == 201
        token = Token.objects.get()
        assert token.scopes == ["search"]
        assert token.expires is not None
        assert timedelta(days=89) < token.expires - timezone.now() <= timedelta(days=90)

    def test_nobody_revokes_another_s(self, client: Client, alice: User, bob: User) -> None:
        key = tokens.issue(bob, by=bob)
        client.force_login(alice)
        assert client.delete(f"/api/v1/tokens/{key[: tokens.SHOWN]}").status_code == 404
        assert tokens.signed_in(key)[0] == bob


class TestTheLongestLifetime:
    def test_binds_every_door(self, client: Client, alice: User, settings: Any) -> None:
        settings.CODEINDEX_TOKEN_DAYS = 45
        client.force_login(alice)
        page = client.get("/account/").content.decode()
        assert re.findall(r'<option value="(\d*)"( selected)?>', page) == [
            ("7", ""), ("30", ""), ("45", " selected"),
        ]  # fmt: skip
        form = {"scopes": ["search"], "days": "never"}
        assert client.post("/account/token", form).status_code == 400
        for days in (None, 46):
            refused = client.post("/api/v1/tokens", {"days": days}, "application/json")
            assert refused.status_code == 400
            assert refused.json()["errors"] == {
                "days": ["Tokens may be valid for at most 45 days here."]
            }
        assert not Token.objects.exists()

    def test_without_one_a_token_may_be_valid_for_ever(self, client: Client, alice: User) -> None:
        client.force_login(alice)
        client.post("/account/token", {"scopes": ["search"], "days": "never"})
        assert Token.objects.get().expires is None
        assert "never" in client.get("/account/").content.decode()


def test_an_expired_token_is_shown_as_such(client: Client, alice: User) -> None:
    tokens.issue(alice, by=alice, days=1)
    Token.objects.update(expires=timezone.now())
    client.force_login(alice)
    assert ">expired<" in client.get("/account/").content.decode()

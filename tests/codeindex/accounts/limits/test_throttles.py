from __future__ import annotations

import json
import secrets
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User
from django.test import Client

from codeindex.accounts import tokens
from codeindex.accounts.limits import clients
from tests.codeindex.accounts.limits.clients import (
    signed_in,
)


class TestRates:
    def test_answers_tell_what_is_left(self, alice: User, shop: None, settings: Any) -> None:
        settings.CODEINDEX_SEARCH_RATE = "3/hour"
        client = signed_in(alice)
        told = [
            client.get(address)
            for address in ("/?q=csv", "/api/v1/search?q=", "/api/v1/search?q=csv", "/?q=csv")
        ]
        told.append(client.get("/api/v1/search?q=csv"))
        assert [answer.status_code for answer in told] == [200, 400, 200, 429, 429]
        left = [answer.headers["RateLimit-Remaining"] for answer in told]
        assert left == ["2", "1", "0", "0", "0"]
        for answer in told:
            assert answer.headers["RateLimit-Limit"] == "3"
            assert 0 < int(answer.headers["RateLimit-Reset"]) <= 3600
        assert told[-1].headers["Retry-After"] == told[-1].headers["RateLimit-Reset"]
        assert "RateLimit-Limit" not in client.get("/api/v1/repositories").headers

    @pytest.mark.parametrize(
        ("method", "path", "setting"),
        [
            ("GET", "/api/v1/search?q=csv", "CODEINDEX_TOKEN_SEARCH_RATE"),
            ("GET", "/api/v1/similar?code=", "CODEINDEX_TOKEN_ENCODE_RATE"),
            ("POST", "/api/v1/repositories", "CODEINDEX_TOKEN_INDEX_RATE"),
        ],
    )
    def test_of_a_token(
        self, alice: User, shop: None, settings: Any, method: str, path: str, setting: str
    ) -> None:
        setattr(settings, setting, "2/hour")
        first, second = (tokens.issue(alice, by=alice) for _ in range(2))

        def ask(key: str) -> Any:
            form = {"url": "https://example.org/x", "name": secrets.token_hex(4)}
            return Client(headers={"Authorization": f"Bearer {key}"}).generic(
                method, path, json.dumps(form), content_type="application/json"
            )

        answers = [ask(first) for _ in range(3)]
        assert [answer.status_code == 429 for answer in answers] == [False, False, True]
        assert [each.headers["RateLimit-Remaining"] for each in answers] == ["1", "0", "0"]
        assert "the limit is 2 per hour" in answers[-1].json()["detail"]
        assert ask(second).status_code != 429
        assert signed_in(alice).get("/?q=csv").status_code == 200

    @pytest.mark.parametrize(
        ("address", "setting"),
        [
            ("/?q=csv", "CODEINDEX_SEARCH_RATE"),
            ("/api/v1/search?q=csv", "CODEINDEX_SEARCH_RATE"),
            ("/similar/?code=", "CODEINDEX_ENCODE_RATE"),
            ("/api/v1/similar?code=", "CODEINDEX_ENCODE_RATE"),
        ],
    )
    def test_of_a_user(
        self, alice: User, bob: User, shop: None, settings: Any, address: str, setting: str
    ) -> None:
        setattr(settings, setting, "2/hour")
        signed = {user.username: signed_in(user) for user in (alice, bob)}
        answers = [signed["alice"].get(address) for _ in range(4)]
        assert [answer.status_code == 429 for answer in answers] == [False, False, True, True]
        assert 0 < int(answers[-1].headers["Retry-After"]) <= 3600
        assert "the limit is 2 per hour" in answers[-1].content.decode()
        kind = "application/problem+json" if "/api/" in address else "text/html"
        assert answers[-1].headers["Content-Type"].startswith(kind)
        assert signed["bob"].get(address).status_code != 429
        assert Client().get(address).status_code != 429

    @pytest.mark.parametrize("page", [True, False])
    def test_of_indexing(self, alice: User, shop: None, settings: Any, page: bool) -> None:
        settings.CODEINDEX_INDEX_RATE = "3/hour"
        client = signed_in(alice)
        repository = alice.repositories.get().pk
        again = (
            f"/repositories/{repository}/index"
            if page
            else f"/api/v1/repositories/{repository}/runs"
        )
        register = "/repositories/register" if page else "/api/v1/repositories"

        def registered(name: str) -> int:
            wanted = urlencode(
                {"url": "https://example.org/x", "name": name, "visibility": "private"}
            )
            form = "application/x-www-form-urlencoded"
            return client.post(register, wanted, content_type=form).status_code

        statuses = [registered("x")]
        statuses += [client.post(again).status_code for _ in range(3)]
        assert statuses == [302 if page else 201] * 3 + [429]
        assert registered("y") == 429
        assert alice.repositories.count() == 2

    def test_administrators_index_as_much_as_they_like(
        self, alice: User, shop: None, settings: Any
    ) -> None:
        settings.CODEINDEX_INDEX_RATE = "1/hour"
        User.objects.filter(pk=alice.pk).update(is_superuser=True)
        client = signed_in(alice)
        again = f"/repositories/{alice.repositories.get().pk}/index"
        assert [client.post(again).status_code for _ in range(3)] == [302] * 3

    def test_of_an_address_that_nobody_signed_in_from(self, db: None, settings: Any) -> None:
        settings.CODEINDEX_ANONYMOUS_SEARCH_RATE = "1/hour"

        def statuses(*addresses: str) -> list[int]:
            return [
                Client().get("/?q=csv", REMOTE_ADDR=address).status_code for address in addresses
            ]

        assert statuses("192.0.2.1", "192.0.2.1", "192.0.2.2") == [200, 429, 200]
        assert statuses("2001:db8::1", "2001:db8::2", "2001:db8:0:1::1") == [200, 429, 200]
        assert statuses("::ffff:192.0.2.1", "", "odd") == [429, 200, 429]

    def test_a_page_without_a_search_has_none(self, db: None, settings: Any) -> None:
        settings.CODEINDEX_ANONYMOUS_SEARCH_RATE = "1/hour"
        assert [Client().get("/").status_code for _ in range(3)] == [200] * 3

    def test_behind_a_proxy_its_word_counts(self, rf: Any, settings: Any) -> None:
        request = rf.get("/", HTTP_X_FORWARDED_FOR="203.0.113.9, 192.0.2.7", REMOTE_ADDR="10.0.0.1")
        assert clients.address(request) == "10.0.0.1"
        settings.CODEINDEX_BEHIND_TLS = True
        assert clients.address(request) == "192.0.2.7"

from __future__ import annotations

import re
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import User
from django.test import Client

from codeindex.accounts import invitations, teams, tokens
from codeindex.models import AuditRecord, Role, SignOnIdentity
from tests import oidc_provider
from tests.codeindex.accounts.sign_on.browsing import Browser, Provider


class TestSigningIn:
    def test_a_new_user_comes_in_and_is_the_same_next_time(
        self, browser: Browser, another_browser: Browser, provider: Provider
    ) -> None:
        provider.says_of("erin", email="erin@example.org", name="Erin Example")
        arrived = browser.sign_in("erin", "/repositories/?a=1")
        assert str(arrived.url).endswith("/repositories/?a=1")
        assert browser.user() == "erin"
        user = User.objects.get()
        assert (user.username, user.email, user.first_name) == ("erin", "erin@example.org", "Erin")
        assert not user.has_usable_password()
        assert not user.is_staff
        provider.says_of("erin", preferred_username="renamed")
        another_browser.sign_in("erin")
        assert another_browser.user() == "erin"
        assert User.objects.count() == 1

    @pytest.mark.parametrize(
        ("said", "kept"),
        [
            ({"email": "Erin@Example.org", "email_verified": True}, "erin@example.org"),
            ({"email": "erin@example.org", "email_verified": False}, ""),
            ({"email": "erin@example.org", "email_verified": "true"}, ""),
            ({"email": "e" * 250 + "@example.org", "email_verified": True}, ""),
        ],
    )
    def test_what_is_verified_is_kept_for_code_hosts(
        self,
        browser: Browser,
        another_browser: Browser,
        provider: Provider,
        said: dict[str, Any],
        kept: str,
    ) -> None:
        provider.says_of("erin", email="former@example.org", email_verified=True)
        browser.sign_in("erin")
        provider.says_of("erin", **said)
        another_browser.sign_in("erin")
        identity = SignOnIdentity.objects.get()
        assert (identity.provider, identity.email) == (provider.url, kept)
        assert identity.account.user.username == "erin"

    def test_it_is_in_the_audit(self, browser: Browser) -> None:
        browser.sign_in("erin")
        actions = AuditRecord.objects.order_by("pk").values_list("action", "subject", "door")
        assert list(actions) == [("user_created", "erin", "page"), ("signed_in", "erin", "page")]

    def test_nobody_is_sent_elsewhere_afterwards(self, browser: Browser) -> None:
        arrived = browser.sign_in("erin", "https://evil.example/")
        assert arrived.url.path == "/"
        assert browser.user() == "erin"

    def test_the_session_ends_after_the_time_of_the_settings(
        self, browser: Browser, settings: Any
    ) -> None:
        settings.CODEINDEX_OIDC_SESSION_HOURS = 2
        browser.sign_in("erin")
        (cookie,) = (each for each in browser.client.cookies.jar if each.name == "sessionid")
        assert cookie.expires
        assert 7_000 < cookie.expires - time.time() < 7_300

    def test_a_local_user_of_that_name_is_somebody_else(self, browser: Browser) -> None:
        local = User.objects.create_user("erin", password="x")
        browser.sign_in("erin")
        assert browser.user() not in ("", "erin")
        local.refresh_from_db()
        assert local.has_usable_password()

    def test_a_shared_email_address_gives_nobody_an_account(
        self, browser: Browser, provider: Provider
    ) -> None:
        User.objects.create_superuser("root", email="root@example.org")
        provider.says_of("erin", email="root@example.org", email_verified=True)
        browser.sign_in("erin")
        assert browser.user() == "erin"
        assert not User.objects.get(username="erin").is_superuser

    def test_who_is_signed_in_connects_their_account(
        self, browser: Browser, another_browser: Browser
    ) -> None:
        User.objects.create_user("frank", password="a long enough secret")
        page = browser.get("/account/login/")
        (token,) = re.findall(r'csrfmiddlewaretoken" value="(\w+)"', page.text)
        form = {"username": "frank", "password": "a long enough secret"}
        browser.client.post("/account/login/", data=form | {"csrfmiddlewaretoken": token})
        assert browser.user() == "frank"
        assert browser.get("/account/sign-on/").url.path == "/account/"  # nothing by a link alone
        token = re.findall(r'csrfmiddlewaretoken" value="(\w+)"', browser.get("/account/").text)[0]
        page = browser.client.post("/account/sign-on/connect", data={"csrfmiddlewaretoken": token})
        assert "Continue to Example ID" in page.text
        asked = browser.get("/account/sign-on/?next=/account/")
        form = {"username": "erin", "password": oidc_provider.PASSWORD}
        assert browser.client.post(asked.url, data=form).url.path == "/account/"
        assert browser.get("/account/sign-on/").url.path == "/account/"
        another_browser.sign_in("erin")
        assert another_browser.user() == "frank"

    def test_behind_tls_the_provider_is_told_so(
        self, provider: Provider, client: Client, settings: Any
    ) -> None:
        settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
        sent = client.get(
            "/account/sign-on/", headers={"X-Forwarded-Proto": "https", "Host": "testserver"}
        )
        (address,) = parse_qs(urlsplit(sent["Location"]).query)["redirect_uri"]
        assert address == "https://testserver/account/sign-on/callback"

    def test_a_deactivated_user_does_not_come_in(
        self, browser: Browser, another_browser: Browser
    ) -> None:
        browser.sign_in("erin")
        User.objects.update(is_active=False)
        assert browser.user() == ""
        refused = another_browser.sign_in("erin")
        assert refused.status_code == 403
        assert "has been deactivated" in refused.text
        assert another_browser.user() == ""

    def test_a_token_of_theirs_works(self, browser: Browser) -> None:
        browser.sign_in("erin")
        key = tokens.issue(User.objects.get(), by=None)
        headers = {"Authorization": f"Bearer {key}"}
        assert browser.get("/api/v1/tokens", headers=headers).status_code == 200


class TestWhoMaySignUp:
    @pytest.mark.parametrize(
        ("claims", "is_let_in"),
        [
            ({"email": "erin@Example.org", "email_verified": True}, True),
            ({"email": "erin@example.org", "email_verified": False}, False),
            ({"email": "erin@example.org"}, False),
            ({"email": "erin@sub.example.org", "email_verified": True}, False),
            ({"email": "erin@example.org.evil", "email_verified": True}, False),
            ({"email": ["erin@example.org"], "email_verified": True}, False),
            ({"groups": ["developers"]}, True),
            ({"groups": "developers"}, True),
            ({"groups": ["others"]}, False),
            ({"groups": {"developers": 1}}, False),
            ({}, False),
        ],
    )
    def test_domains_and_groups(
        self, browser: Browser, provider: Provider, settings: Any, claims: Any, is_let_in: bool
    ) -> None:
        settings.CODEINDEX_OIDC_SIGNUP_DOMAINS = ["example.org"]
        settings.CODEINDEX_OIDC_SIGNUP_GROUPS = ["developers"]
        provider.says_of("erin", **claims)
        arrived = browser.sign_in("erin")
        assert (browser.user() == "erin") == is_let_in
        assert User.objects.exists() == is_let_in
        if not is_let_in:
            assert arrived.status_code == 403
            assert "You have no account here" in arrived.text

    def test_who_has_an_account_keeps_it(
        self, browser: Browser, another_browser: Browser, settings: Any
    ) -> None:
        browser.sign_in("erin")
        settings.CODEINDEX_OIDC_SIGNUP_DOMAINS = ["example.org"]
        another_browser.sign_in("erin")
        assert another_browser.user() == "erin"


class TestInvitations:
    def test_let_in_whom_the_rules_do_not(
        self, browser: Browser, another_browser: Browser, settings: Any
    ) -> None:
        settings.CODEINDEX_OIDC_SIGNUP_GROUPS = ["developers"]
        root = User.objects.create_superuser("root")
        team = teams.create("backend", by=root)
        secret = invitations.create(team, Role.MAINTAINER, days=1, by=root)
        page = browser.get(f"/invitations/{secret}")
        (button,) = re.findall(r'href="(/account/sign-on/[^"]*)"', page.text)
        asked = browser.get(button)
        form = {"username": "erin", "password": oidc_provider.PASSWORD}
        assert browser.client.post(asked.url, data=form).status_code == 200
        assert browser.user() == "erin"
        assert teams.roles(User.objects.get(username="erin")) == {"backend": Role.MAINTAINER}
        another_browser.get(f"/invitations/{secret}")
        assert another_browser.sign_in("frank").status_code == 403
        assert not User.objects.filter(username="frank").exists()

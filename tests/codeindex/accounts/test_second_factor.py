"""The second factor: signing in with a code, and who must."""

from __future__ import annotations

import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.contrib.auth.models import User
from django.test import Client

from codeindex.accounts import second_factor, tokens
from codeindex.models import AuditRecord

pytestmark = pytest.mark.usefixtures("counted_anew")

PASSWORD = "a long enough secret"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def code(step: int = 0) -> str:
    """The code that the app shows, or one of those before and after."""
    return format_hotp_value(hotp_value(SECRET, int(time.time()) // 30 + step))


def wrong_code() -> str:
    near = {code(step) for step in (-2, -1, 0, 1, 2)}
    return next(each for each in ("111111", "222222", "333333", "4", "") if each not in near)


@pytest.fixture
def owner(alice: User) -> User:
    """Alice, with a password."""
    alice.set_password(PASSWORD)
    alice.save()
    return alice


@pytest.fixture
def codes(owner: User) -> list[str]:
    """The recovery codes of Alice, who has set up her second factor."""
    return second_factor.set_up(owner, SECRET, code(-1))


def entered(client: Client, given: str = PASSWORD) -> Any:
    return client.post("/account/login/", {"username": "alice", "password": given})


def is_signed_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


class TestSigningIn:
    def test_takes_the_password_and_a_code(self, client: Client, codes: list[str]) -> None:
        response = entered(client)
        assert response["Location"] == "/account/login/code"
        assert not is_signed_in(client)
        assert client.post(response["Location"], {"code": code()})["Location"] == "/"
        assert is_signed_in(client)

    def test_goes_on_to_the_page_that_was_asked_for(self, client: Client, codes: list[str]) -> None:
        form = {"username": "alice", "password": PASSWORD, "next": "/teams/"}
        client.post("/account/login/", form)
        assert client.post("/account/login/code", {"code": code()})["Location"] == "/teams/"

    def test_takes_a_code_as_people_type_it(self, client: Client, codes: list[str]) -> None:
        entered(client)
        typed = f" {code()[:3]} {code()[3:]} "
        assert client.post("/account/login/code", {"code": typed}).status_code == 302

    def test_takes_no_code_twice(self, client: Client, codes: list[str]) -> None:
        given = code()
        entered(client)
        client.post("/account/login/code", {"code": given})
        other = Client()
        entered(other)
        assert "already" in other.post("/account/login/code", {"code": given}).content.decode()
        assert not is_signed_in(other)

    def test_takes_a_recovery_code_once(self, client: Client, codes: list[str]) -> None:
        assert len(set(codes)) == 10
        for signs_in in (True, False):
            fresh = Client()
            entered(fresh)
            fresh.post("/account/login/code", {"code": codes[3]})
            assert is_signed_in(fresh) is signs_in
        assert AuditRecord.objects.filter(action="recovery_code_used").count() == 1

    @pytest.mark.parametrize("given", ["", "000", "x" * 31, "abcdef", "٣٣٣٣٣٣"])
    def test_takes_nothing_else(self, client: Client, codes: list[str], given: str) -> None:
        entered(client)
        assert client.post("/account/login/code", {"code": given}).status_code == 400
        assert not is_signed_in(client)

    def test_needs_the_password_first(self, client: Client, codes: list[str]) -> None:
        entered(client, "wrong")
        response = client.post("/account/login/code", {"code": code()})
        assert response["Location"] == "/account/login/"
        assert not is_signed_in(client)

    @pytest.mark.parametrize("change", ["is_active", "password"])
    def test_ends_when_the_user_changes(
        self, client: Client, owner: User, codes: list[str], change: str
    ) -> None:
        entered(client)
        User.objects.filter(pk=owner.pk).update(**{change: False})
        assert client.post("/account/login/code", {"code": code()})["Location"] == "/account/login/"

    def test_ends_after_minutes(
        self, client: Client, codes: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("codeindex.web.second_factor.session.SECONDS", -1.0)
        entered(client)
        assert client.get("/account/login/code")["Location"] == "/account/login/"

    def test_guesses_lock_codes_and_the_password_does_not_unlock_them(
        self, client: Client, codes: list[str], settings: Any
    ) -> None:
        settings.CODEINDEX_LOGIN_RATE = "2/minute"
        given = wrong_code()
        statuses = []
        for _ in range(4):
            assert entered(client).status_code == 302
            statuses.append(client.post("/account/login/code", {"code": given}).status_code)
        assert statuses == [400, 400, 429, 429]
        row = AuditRecord.objects.filter(action="sign_in_failed").first()
        assert row is not None
        assert (row.subject, row.details) == ("alice", "second factor")

    def test_of_the_admin_site_is_on_the_same_page(self, client: Client, codes: list[str]) -> None:
        User.objects.update(is_staff=True)
        form = {"username": "alice", "password": PASSWORD}
        assert client.post("/admin/login/", form).status_code == 405
        assert client.get("/admin/login/")["Location"] == "/account/login/?next=%2Fadmin%2F"
        assert not is_signed_in(client)

    def test_with_a_token_takes_no_code(self, client: Client, owner: User, codes: Any) -> None:
        key = tokens.issue(owner, by=owner)
        headers = {"Authorization": f"Bearer {key}"}
        assert client.get("/api/v1/tokens", headers=headers).status_code == 200


class TestSettingUp:
    @pytest.fixture
    def browser(self, client: Client, owner: User) -> Client:
        client.force_login(owner, "django.contrib.auth.backends.ModelBackend")
        session = client.session
        session["second factor secret"] = SECRET
        session.save()
        return client

    def test_shows_the_secret_and_its_qr_code(self, browser: Client) -> None:
        page = browser.get("/account/second-factor/").content.decode()
        assert "JBSW Y3DP EHPK" in page
        assert "data:image/svg+xml;base64," in page

    def test_takes_a_code_and_shows_recovery_codes_once(self, browser: Client, owner: User) -> None:
        page = browser.post("/account/second-factor/set-up", {"code": code()}).content.decode()
        stored = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()
        assert all(each in page for each in stored)
        assert second_factor.is_set_up(owner)
        assert "Set up" not in browser.get("/account/second-factor/").content.decode()
        assert AuditRecord.objects.get(action="second_factor_set_up").user == "alice"

    def test_keeps_secrets_encrypted(self, browser: Client) -> None:
        codes = second_factor.set_up(User.objects.get(), SECRET, code())
        stored = str(list(Authenticator.objects.values()))
        assert SECRET not in stored
        assert not any(each in stored for each in codes)

    def test_refuses_a_wrong_code(self, browser: Client, owner: User) -> None:
        response = browser.post("/account/second-factor/set-up", {"code": wrong_code()})
        assert response.status_code == 400
        assert not second_factor.is_set_up(owner)

    def test_again_needs_the_old_one_removed(
        self, browser: Client, owner: User, codes: list[str]
    ) -> None:
        response = browser.post("/account/second-factor/set-up", {"code": code()})
        assert response["Location"] == "/account/second-factor/"

    def test_is_not_for_users_of_the_provider(self, client: Client, bob: User) -> None:
        bob.set_unusable_password()
        bob.save()
        client.force_login(bob)
        assert client.get("/account/second-factor/").status_code == 403

    def test_is_removed_with_a_code(self, browser: Client, owner: User, codes: Any) -> None:
        address = "/account/second-factor/"
        assert browser.post(address, {"code": wrong_code(), "action": "remove"}).status_code == 400
        assert second_factor.is_set_up(owner)
        assert browser.post(address, {"code": code(), "action": "remove"}).status_code == 302
        assert not Authenticator.objects.exists()
        assert AuditRecord.objects.get(action="second_factor_removed").user == "alice"

    def test_gives_new_recovery_codes_for_a_code(
        self, browser: Client, owner: User, codes: list[str]
    ) -> None:
        form = {"code": code(), "action": "recovery"}
        page = browser.post("/account/second-factor/", form).content.decode()
        assert page.count("<li><code>") == 10
        assert not any(each in page for each in codes)

    def test_is_removed_by_an_administrator(
        self, owner: User, codes: list[str], admin_client: Client
    ) -> None:
        row = Authenticator.objects.get(type="totp")
        page = admin_client.get(f"/admin/mfa/authenticator/{row.pk}/change/").content.decode()
        assert "secret" not in page
        admin_client.post(f"/admin/mfa/authenticator/{row.pk}/delete/", {"post": "yes"})
        assert not Authenticator.objects.exists()
        assert AuditRecord.objects.get(action="second_factor_removed").subject == "alice"


class TestWhereItIsRequired:
    @pytest.mark.parametrize(
        ("setting", "is_superuser", "is_required"),
        [
            ("optional", True, False),
            ("administrators", False, False),
            ("administrators", True, True),
            ("everyone", False, True),
        ],
    )
    def test_nothing_else_works_until_it_is_set_up(
        self, client: Client, owner: User, settings: Any, setting: str,
        is_superuser: bool, is_required: bool,
    ) -> None:  # fmt: skip
        settings.CODEINDEX_SECOND_FACTOR = setting
        User.objects.update(is_superuser=is_superuser)
        entered(client)
        leads_away = client.get("/").status_code == 302
        assert leads_away is is_required
        assert client.get("/api/v1/search?q=x").status_code == (403 if is_required else 200)
        if is_required:
            assert client.get("/")["Location"] == "/account/second-factor/"
            page = client.get("/account/second-factor/").content.decode()
            assert "requires a second factor" in page
            session = client.session
            session["second factor secret"] = SECRET
            session.save()
            client.get("/teams/?a=1")
            shown = client.post("/account/second-factor/set-up", {"code": code()})
            assert '<a href="/teams/?a=1">Continue</a>' in shown.content.decode()
            assert client.get("/").status_code == 200

    def test_a_session_from_before_gives_a_code(
        self, client: Client, owner: User, codes: Any, settings: Any
    ) -> None:
        client.force_login(owner, "django.contrib.auth.backends.ModelBackend")
        settings.CODEINDEX_SECOND_FACTOR = "everyone"
        assert client.get("/teams/")["Location"] == "/account/second-factor/"
        assert client.post("/account/second-factor/", {"code": code()})["Location"] == "/teams/"
        assert client.get("/").status_code == 200

    def test_whoever_signs_in_with_a_code_has_it(
        self, client: Client, owner: User, codes: Any, settings: Any
    ) -> None:
        settings.CODEINDEX_SECOND_FACTOR = "everyone"
        entered(client)
        client.post("/account/login/code", {"code": code()})
        assert client.get("/").status_code == 200

    def test_users_of_the_provider_tokens_and_strangers_are_not_asked(
        self, client: Client, owner: User, settings: Any
    ) -> None:
        settings.CODEINDEX_SECOND_FACTOR = "everyone"
        assert client.get("/").status_code == 200
        key = tokens.issue(owner, by=owner)
        headers = {"Authorization": f"Bearer {key}"}
        assert client.get("/api/v1/tokens", headers=headers).status_code == 200
        client.force_login(owner, "codeindex.accounts.sign_on.backend.SignOnBackend")
        assert client.get("/").status_code == 200

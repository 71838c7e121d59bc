"""What an application gets by asking, and how it does not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from allauth.idp.oidc.models import Token as IssuedToken
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from codeindex.accounts.oauth import grants
from codeindex.models import AuditRecord, OAuthGrant
from tests.codeindex.accounts.oauth.application import REDIRECT, Application, sent, use

AN_HOUR_AGO = timezone.now() - timedelta(hours=1)


class TestConsent:
    def test_names_the_application_the_user_and_what_is_allowed(
        self, application: Application, alice: User
    ) -> None:
        page = application.ask(alice).content.decode()
        assert "Agent" in page
        assert "alice" in page
        assert "search and read code" in page
        assert "a program on your computer" in page

    def test_lets_the_form_lead_to_the_application(
        self, application: Application, alice: User
    ) -> None:
        policy = application.ask(alice)["Content-Security-Policy"]
        assert "form-action 'self' http:;" in policy

    def test_is_asked_of_whoever_signs_in_first(self, application: Application) -> None:
        response = Client().get(application.address())
        assert response["Location"].startswith("/account/login/?next=/oauth/authorize")

    def test_denied_sends_back_an_error(self, application: Application, alice: User) -> None:
        answer = sent(application.ask(alice, "deny"))
        assert answer == {"error": "access_denied", "state": "abc", "iss": "http://testserver"}
        assert not OAuthGrant.objects.exists()

    def test_allowed_sends_back_a_code(self, application: Application, alice: User) -> None:
        answer = sent(application.ask(alice, "allow"))
        assert answer.keys() == {"code", "state", "iss"}
        assert answer["iss"] == "http://testserver"

    def test_needs_the_token_of_the_form(self, application: Application, alice: User) -> None:
        browser = Client(enforce_csrf_checks=True)
        browser.force_login(alice)
        assert browser.post(application.address(), {"decision": "allow"}).status_code == 403

    def test_of_a_scope_that_is_not_offered_grants_those_that_are(
        self, application: Application, alice: User
    ) -> None:
        code = application.code(alice, scope="search offline_access")
        assert application.exchange(code).json()["scope"] == "search"

    def test_may_go_to_another_port_of_this_machine(
        self, application: Application, alice: User
    ) -> None:
        uri = REDIRECT.replace("33418", "50123")
        code = application.code(alice, redirect_uri=uri)
        assert application.exchange(code, redirect_uri=uri).status_code == 200

    def test_may_go_to_another_port_of_localhost(self, on: None, alice: User) -> None:
        application = Application()
        application.register(redirect_uris=["http://localhost/callback"])
        uri = "http://localhost:50123/callback"
        assert application.exchange(
            application.code(alice, redirect_uri=uri), redirect_uri=uri
        ).json()["access_token"]

    def test_may_go_to_a_program_that_opens_links(self, on: None, alice: User) -> None:
        application = Application()
        uri = "cursor://anysphere.cursor-mcp/oauth/callback"
        application.register(redirect_uris=[uri])
        response = application.ask(alice, "allow", redirect_uri=uri)
        assert response["Location"].startswith(f"{uri}?code=")

    @pytest.mark.parametrize(
        ("changed", "reason"),
        [
            ({"client_id": "unknown"}, "is not registered here"),
            ({"client_id": "https://evil.example/client"}, "is not registered here"),
            ({"redirect_uri": "https://evil.example/"}, "has not registered the address"),
            ({"redirect_uri": f"{REDIRECT}/more"}, "has not registered the address"),
            ({"redirect_uri": f"{REDIRECT}?more=1"}, "has not registered the address"),
            ({"redirect_uri": REDIRECT.replace("//", "//x@")}, "has not registered the address"),
            ({"redirect_uri": REDIRECT.replace("http", "https")}, "has not registered the address"),
            ({"redirect_uri": ""}, "has not registered the address"),
            ({"redirect_uri": "http://["}, "has not registered the address"),
            ({"response_type": "token"}, "does not ask for an authorization code"),
            ({"code_challenge": ""}, "PKCE"),
            ({"code_challenge": "short"}, "PKCE"),
            ({"code_challenge_method": "plain"}, "PKCE"),
            ({"code_challenge_method": ""}, "PKCE"),
            ({"resource": "https://other.example/mcp"}, "another server"),
            ({"scope": "admin"}, "permissions that agents cannot have"),
            ({"state": "s" * 2_001}, "too long"),
        ],
    )
    def test_is_not_asked_for_a_wrong_request(
        self, application: Application, alice: User, changed: dict[str, str], reason: str
    ) -> None:
        """A page says why, whatever the user decides: a redirect would lead wherever a stranger
        has registered."""
        for decision in ("", "allow", "deny"):
            response = application.ask(alice, decision, **changed)
            assert response.status_code == 400
            assert reason in response.content.decode()
        assert not OAuthGrant.objects.exists()

    def test_is_not_asked_for_a_repeated_parameter(
        self, application: Application, alice: User
    ) -> None:
        browser = Client()
        browser.force_login(alice)
        response = browser.get(f"{application.address()}&redirect_uri=https://evil.example/")
        assert response.status_code == 400

    def test_ends_at_a_number_of_applications(
        self, application: Application, alice: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(grants, "MOST_PER_USER", 1)
        application.tokens(alice)
        response = application.ask(alice, "allow")
        assert "already authorized 1 application" in response.content.decode()


class TestTokens:
    def test_sign_agents_in(self, application: Application, alice: User) -> None:
        issued = application.tokens(alice)
        assert issued["token_type"] == "Bearer"
        assert issued["expires_in"] == 3600
        assert use(issued["access_token"]).status_code == 200
        searched = AuditRecord.objects.filter(action="application_authorized").get()
        assert (searched.user, searched.subject) == ("alice", "Agent")

    def test_are_stored_as_hashes(self, application: Application, alice: User) -> None:
        issued = application.tokens(alice)
        stored = str(list(IssuedToken.objects.values())) + str(list(OAuthGrant.objects.values()))
        assert issued["access_token"] not in stored
        assert issued["refresh_token"] not in stored

    @pytest.mark.parametrize("path", ["/api/v1/tokens", "/api/v1/repositories"])
    def test_are_for_agents_alone(self, application: Application, alice: User, path: str) -> None:
        key = application.tokens(alice)["access_token"]
        headers = {"Authorization": f"Bearer {key}"}
        assert Client().get(path, headers=headers).status_code == 401

    @pytest.mark.parametrize(
        ("changed", "error"),
        [
            ({"code_verifier": "w" * 43}, "invalid_grant"),
            ({"code_verifier": ""}, "invalid_grant"),
            ({"code": "wrong"}, "invalid_grant"),
            ({"redirect_uri": "https://evil.example/"}, "invalid_request"),
            ({"redirect_uri": REDIRECT.replace("33418", "1")}, "invalid_request"),
            ({"client_id": "unknown"}, "invalid_client"),
            ({"resource": "https://other.example/mcp"}, "invalid_target"),
            ({"resource": "http://["}, "invalid_target"),
            ({"grant_type": "password"}, "unsupported_grant_type"),
            ({"grant_type": "client_credentials"}, "unsupported_grant_type"),
            ({"grant_type": ""}, "unsupported_grant_type"),
        ],
    )
    def test_are_refused_for_a_wrong_request(
        self, application: Application, alice: User, changed: dict[str, str], error: str
    ) -> None:
        response = application.exchange(application.code(alice), **changed)
        assert response.status_code in (400, 401)
        assert response.json()["error"] == error

    def test_of_a_code_are_issued_once_and_end_if_it_is_used_again(
        self, application: Application, alice: User, django_capture_on_commit_callbacks: Any
    ) -> None:
        code = application.code(alice)
        key = application.exchange(code).json()["access_token"]
        with django_capture_on_commit_callbacks(execute=True):
            again = application.exchange(code)
        assert again.json()["error"] == "invalid_grant"
        assert use(key).status_code == 401

    def test_of_a_code_are_for_the_application_that_asked(
        self, application: Application, alice: User
    ) -> None:
        other = Application()
        other.register()
        assert other.exchange(application.code(alice)).json()["error"] == "invalid_grant"

    def test_expire(self, application: Application, alice: User) -> None:
        key = application.tokens(alice)["access_token"]
        IssuedToken.objects.filter(type="at").update(expires_at=AN_HOUR_AGO)
        response = use(key)
        assert response.status_code == 401
        assert 'error="invalid_token"' in response["WWW-Authenticate"]

    def test_sign_nobody_in_while_it_is_off(
        self, application: Application, alice: User, settings: Any
    ) -> None:
        key = application.tokens(alice)["access_token"]
        settings.CODEINDEX_OAUTH = False
        assert use(key).status_code == 401


class TestRefreshing:
    def test_gives_new_tokens_in_place_of_the_old_one(
        self, application: Application, alice: User
    ) -> None:
        first = application.tokens(alice)
        second = application.refresh(first["refresh_token"]).json()
        assert second["refresh_token"] != first["refresh_token"]
        assert use(second["access_token"]).status_code == 200
        assert grants.of_user(alice).count() == 1

    def test_with_an_old_token_ends_everything(self, application: Application, alice: User) -> None:
        first = application.tokens(alice)
        second = application.refresh(first["refresh_token"]).json()
        OAuthGrant.objects.update(refreshed=AN_HOUR_AGO)
        assert application.refresh(first["refresh_token"]).json()["error"] == "invalid_grant"
        assert use(second["access_token"]).status_code == 401
        assert application.refresh(second["refresh_token"]).json()["error"] == "invalid_grant"

    def test_twice_at_once_ends_nothing(self, application: Application, alice: User) -> None:
        first = application.tokens(alice)
        second = application.refresh(first["refresh_token"]).json()
        assert application.refresh(first["refresh_token"]).json()["error"] == "invalid_grant"
        assert use(second["access_token"]).status_code == 200

    def test_is_for_the_application_that_asked(self, application: Application, alice: User) -> None:
        other = Application()
        other.register()
        issued = application.tokens(alice)
        assert other.refresh(issued["refresh_token"]).json()["error"] == "invalid_grant"
        assert application.refresh(issued["refresh_token"]).status_code == 200

    def test_ends_with_the_days_that_a_token_may_be_valid(
        self, application: Application, alice: User, settings: Any
    ) -> None:
        settings.CODEINDEX_TOKEN_DAYS = 7
        issued = application.tokens(alice)
        OAuthGrant.objects.update(expires=AN_HOUR_AGO)
        assert use(issued["access_token"]).status_code == 401
        assert application.refresh(issued["refresh_token"]).json()["error"] == "invalid_grant"


def _deactivate(user: User) -> None:
    user.is_active = False
    user.save()


def _change_password(user: User) -> None:
    user.set_password("another one")
    user.save()


def _update_password(user: User) -> None:
    User.objects.filter(pk=user.pk).update(password="another one")


def _revoke_on_the_page(user: User) -> None:
    browser = Client()
    browser.force_login(user)
    page = browser.get("/account/").content.decode()
    assert "Agent" in page
    beginning = grants.of_user(user).get().beginning
    assert beginning in page
    browser.post("/account/applications/revoke", {"grant": beginning})


def _revoke_over_rest(user: User) -> None:
    browser = Client()
    browser.force_login(user)
    (listed,) = browser.get("/api/v1/applications").json()
    assert listed["name"] == "Agent"
    assert browser.delete(f"/api/v1/applications/{listed['id']}").status_code == 204


class TestTheEnd:
    @pytest.mark.parametrize(
        "end",
        [
            _deactivate, _change_password, _update_password, _revoke_on_the_page,
            _revoke_over_rest, User.delete,
        ],
    )  # fmt: skip
    def test_comes_at_once(self, application: Application, alice: User, end: Any) -> None:
        issued = application.tokens(alice)
        end(alice)
        assert use(issued["access_token"]).status_code == 401
        assert application.refresh(issued["refresh_token"]).json()["error"] == "invalid_grant"

    @pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
    def test_comes_by_the_application(
        self, application: Application, alice: User, kind: str
    ) -> None:
        issued = application.tokens(alice)
        assert application.revoke(issued[kind]).status_code == 200
        assert use(issued["access_token"]).status_code == 401
        assert application.refresh(issued["refresh_token"]).json()["error"] == "invalid_grant"
        assert AuditRecord.objects.filter(action="authorization_revoked").count() == 1

    def test_does_not_come_by_another_application(
        self, application: Application, alice: User
    ) -> None:
        other = Application()
        other.register()
        issued = application.tokens(alice)
        assert other.revoke(issued["refresh_token"]).status_code == 200
        assert use(issued["access_token"]).status_code == 200

    def test_of_one_user_is_not_that_of_others(
        self, application: Application, alice: User, bob: User
    ) -> None:
        key = application.tokens(alice)["access_token"]
        assert grants.revoke(bob, by=bob) == 0
        assert use(key).status_code == 200

    def test_is_forgotten_with_the_last_token(self, application: Application, alice: User) -> None:
        application.tokens(alice)
        OAuthGrant.objects.forget()
        assert OAuthGrant.objects.exists()
        IssuedToken.objects.update(expires_at=AN_HOUR_AGO)
        assert not grants.of_user(alice).exists()
        OAuthGrant.objects.forget()
        assert not OAuthGrant.objects.exists()
        assert not IssuedToken.objects.exists()


def test_a_new_way_to_hash_the_password_ends_nothing(
    application: Application, alice: User, settings: Any
) -> None:
    alice.set_password("a password")
    alice.save()
    key = application.tokens(alice)["access_token"]
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.PBKDF2SHA1PasswordHasher", *settings.PASSWORD_HASHERS
    ]  # fmt: skip
    assert Client().login(username="alice", password="a password")
    assert use(key).status_code == 200

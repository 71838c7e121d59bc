"""How an application becomes known, and what it may say about itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from allauth.idp.oidc.models import Client as OAuthClient
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from codeindex.accounts.oauth import redirects
from codeindex.models import AuditRecord, OAuthGrant
from tests.codeindex.accounts.oauth.application import REDIRECT, Application, use

FAULTY = [
    "", "x", "/callback", "//evil.example", "http://evil.example/", "http://[", "https://",
    "https:///path", "javascript:alert(1)", "data:text/html,x", "file:///etc/passwd",
    "https://evil.example/#fragment", "https://*.example/", "https://user@evil.example/",
    "https://evil.example/\nhttps://other.example/", "https://evil.example/ x",
    "https://evil.example:port/", "http://127.0.0.1.evil.example/", "https://é.example/",
    "https://evil.example/" + "x" * 500,
]  # fmt: skip
FINE = [
    REDIRECT, "http://localhost/callback", "http://[::1]:8080/", "https://vscode.dev/redirect",
    "https://agents.example/callback?of=codeindex", "cursor://anysphere.cursor-mcp/oauth/callback",
    "com.example.agent:/callback",
]  # fmt: skip


@pytest.mark.parametrize("uri", FAULTY)
def test_a_redirect_uri_that_nobody_may_register(uri: str) -> None:
    assert redirects.fault(uri)
    assert not redirects.is_registered(uri, FINE)


@pytest.mark.parametrize("uri", FINE)
def test_a_redirect_uri_of_a_client_that_people_use(uri: str) -> None:
    assert not redirects.fault(uri)
    assert redirects.is_registered(uri, FINE)
    assert redirects.destination(uri)


def test_the_application_gets_an_id_and_no_secret(on: None) -> None:
    answer = Application().register(
        token_endpoint_auth_method="client_secret_basic",
        grant_types=["client_credentials"],
        scope="admin",
        logo_uri="https://evil.example/track",
    )
    assert answer.status_code == 201
    registered = answer.json()
    assert registered.pop("client_id_issued_at")
    assert registered.pop("client_id")
    assert registered == {
        "client_name": "Agent",
        "redirect_uris": [REDIRECT],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "scope": "search",
        "token_endpoint_auth_method": "none",
    }
    (row,) = AuditRecord.objects.filter(action="application_registered")
    assert (row.subject, row.user, row.door) == ("Agent", "", "agent")


@pytest.mark.parametrize(
    "metadata",
    [
        {"redirect_uris": []},
        {"redirect_uris": None},
        {"redirect_uris": REDIRECT},
        {"redirect_uris": [1]},
        {"redirect_uris": [REDIRECT, "javascript:alert(1)"]},
        {"redirect_uris": [REDIRECT] * 11},
        {"client_name": {"a": "b"}},
        {"client_name": "x" * 20_000},
    ],
)
def test_a_wrong_registration_is_refused(on: None, metadata: dict[str, Any]) -> None:
    answer = Application().register(**metadata)
    assert answer.status_code == 400
    assert answer.json()["error"] in ("invalid_redirect_uri", "invalid_client_metadata")
    assert not OAuthClient.objects.exists()


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"\xff", b"[" * 10_000])
def test_a_body_that_is_no_object_is_refused(on: None, body: bytes) -> None:
    answer = Client().post("/oauth/register", body, content_type="application/json")
    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_client_metadata"


def test_a_name_cannot_change_the_page(on: None, alice: User) -> None:
    application = Application()
    application.register(client_name="\u202e<script>\x00\n" + "x" * 200)
    page = application.ask(alice).content.decode()
    assert "<script>x" not in page
    assert f"&lt;script&gt;{'x' * 92}<" in page


def test_registrations_from_one_address_are_limited(on: None, settings: Any) -> None:
    settings.CODEINDEX_OAUTH_REGISTRATION_RATE = "1/minute"
    assert [Application().register().status_code for _ in range(3)].count(429) >= 1
    refused = Application().register()
    assert refused.json()["error"] == "temporarily_unavailable"
    assert int(refused["Retry-After"]) > 0


def test_an_application_that_nobody_authorizes_is_forgotten(
    application: Application, alice: User
) -> None:
    used = Application()
    used.register()
    used.tokens(alice)
    OAuthGrant.objects.forget()
    assert OAuthClient.objects.count() == 2
    OAuthClient.objects.update(created_at=timezone.now() - timedelta(days=2))
    OAuthGrant.objects.forget()
    assert OAuthClient.objects.get().pk == used.client_id


class TestDiscovery:
    def test_begins_with_a_refusal(self, on: None) -> None:
        response = use()
        assert response.status_code == 401
        assert response["WWW-Authenticate"] == (
            'Bearer realm="codeindex", resource_metadata='
            '"http://testserver/.well-known/oauth-protected-resource/mcp", scope="search"'
        )

    @pytest.mark.parametrize("path", ["", "/mcp"])
    def test_leads_to_the_server(self, on: None, path: str) -> None:
        told = Client().get(f"/.well-known/oauth-protected-resource{path}").json()
        assert told["resource"] == "http://testserver/mcp"
        assert told["authorization_servers"] == ["http://testserver"]
        assert told["scopes_supported"] == ["search"]

    def test_says_what_the_server_supports(self, on: None) -> None:
        told = Client().get("/.well-known/oauth-authorization-server").json()
        assert told["issuer"] == "http://testserver"
        assert told["code_challenge_methods_supported"] == ["S256"]
        assert told["token_endpoint_auth_methods_supported"] == ["none"]
        for endpoint in ("authorization", "token", "registration", "revocation"):
            assert told[f"{endpoint}_endpoint"].startswith("http://testserver/oauth/")

    def test_finds_nothing_while_it_is_off(self, db: None) -> None:
        for path in ("/.well-known/oauth-protected-resource/mcp", "/oauth/authorize"):
            assert Client().get(path).status_code == 404
        response = use()
        assert response.status_code == 200  # public repositories are for everyone
        assert use("wrong")["WWW-Authenticate"] == 'Bearer realm="codeindex", error="invalid_token"'

"""An application that uses OAuth as agents do, by plain requests."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.contrib.auth.models import User
from django.test import Client

from tests.search.mcp import calling

REDIRECT = "http://127.0.0.1:33418/callback"
RESOURCE = "http://testserver/mcp"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().strip("=")


@dataclass
class Application:
    """`client_id` is empty until it is registered."""

    client_id: str = ""

    def register(self, **metadata: Any) -> Any:
        given = {"client_name": "Agent", "redirect_uris": [REDIRECT], **metadata}
        response = Client().post("/oauth/register", given, content_type="application/json")
        self.client_id = response.json().get("client_id", "")
        return response

    def address(self, **changed: str) -> str:
        """To which the user is sent; a parameter that is changed to "" is left out."""
        asked = {
            "response_type": "code", "client_id": self.client_id, "redirect_uri": REDIRECT,
            "state": "abc", "scope": "search", "resource": RESOURCE, "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        } | changed  # fmt: skip
        return f"/oauth/authorize?{urlencode({k: v for k, v in asked.items() if v})}"

    def ask(self, user: User, decision: str = "", **changed: str) -> Any:
        """The page, or what follows the decision."""
        browser = Client()
        browser.force_login(user)
        address = self.address(**changed)
        return browser.post(address, {"decision": decision}) if decision else browser.get(address)

    def code(self, user: User, **changed: str) -> str:
        return sent(self.ask(user, "allow", **changed))["code"]

    def exchange(self, code: str, /, **changed: str) -> Any:
        form = {
            "grant_type": "authorization_code", "code": code, "client_id": self.client_id,
            "redirect_uri": REDIRECT, "code_verifier": VERIFIER, "resource": RESOURCE,
        } | changed  # fmt: skip
        return Client().post("/oauth/token", form)

    def refresh(self, refresh_token: str, /, **changed: str) -> Any:
        form = {
            "grant_type": "refresh_token", "refresh_token": refresh_token,
            "client_id": self.client_id, "resource": RESOURCE,
        } | changed  # fmt: skip
        return Client().post("/oauth/token", form)

    def revoke(self, token: str) -> Any:
        return Client().post("/oauth/revoke", {"token": token, "client_id": self.client_id})

    def tokens(self, user: User) -> Any:
        """What a user who consents lets the application have."""
        return self.exchange(self.code(user)).json()


def sent(response: Any) -> dict[str, str]:
    """The parameters with which the user is sent back."""
    assert response.status_code == 302, response.content
    return dict(parse_qsl(urlsplit(response["Location"]).query))


def use(token: str = "") -> Any:
    """The response of the endpoint for agents."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return calling.post(Client(), calling.message("repositories", {}), **headers)

"""Authentication at the endpoint for agents: by an API token, or by one that OAuth has issued."""

from __future__ import annotations

from django.contrib.auth.models import User
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request

from codeindex.accounts import authentication, tokens
from codeindex.accounts.authentication import TokenAuthentication
from codeindex.accounts.oauth import clients, grants
from codeindex.accounts.tokens import Grant
from codeindex.web.oauth import addresses

SIGN_IN = (
    "Sign in. Agents that support OAuth ask you to in your browser; others need a token from your"
    " account's page, sent as Authorization: Bearer TOKEN."
)


class AgentAuthentication(TokenAuthentication):
    """With OAuth, a request without a token is refused, which makes a client ask for one.
    The tokens of OAuth are for this endpoint, and sign in nowhere else (RFC 8707)."""

    def authenticate(self, request: Request) -> tuple[User, Grant | None] | None:
        signed_in = authentication.authenticate(request, _signed_in)
        if signed_in is None and clients.is_on():
            raise NotAuthenticated(SIGN_IN)
        return signed_in

    def authenticate_header(self, request: Request) -> str:
        challenge = super().authenticate_header(request)
        if not clients.is_on():
            return challenge
        scopes = " ".join(clients.SCOPES)
        metadata = addresses.resource_metadata(request)
        return f'{challenge}, resource_metadata="{metadata}", scope="{scopes}"'


def _signed_in(key: str) -> tuple[User, Grant]:
    sign_in = tokens.signed_in if key.startswith(tokens.PREFIX) else grants.signed_in
    return sign_in(key)

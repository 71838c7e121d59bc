"""A request for authorization, and the code that a user's consent gives for it.

The request is checked here as OAuth 2.1 requires, more strictly than in allauth, which issues the
code. Errors are shown on a page: a redirect without consent would send users wherever a stranger
has registered."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from allauth.idp.oidc.internal.oauthlib.server import get_server
from allauth.idp.oidc.internal.oauthlib.utils import extract_params, get_validator_context
from allauth.idp.oidc.models import Client
from django.db import transaction
from django.http import HttpRequest, QueryDict
from django.utils.http import urlencode
from oauthlib.oauth2 import OAuth2Error

from codeindex.accounts.authentication import signed_in_user
from codeindex.accounts.oauth import clients, documents, grants, redirects
from codeindex.accounts.oauth.documents import DocumentUnusable
from codeindex.models import Scope

SINGLE = (
    "client_id", "redirect_uri", "response_type", "scope", "state", "code_challenge",
    "code_challenge_method",
)  # fmt: skip
"""The parameters that a request has at most once."""

LONGEST = 2_000
"""Characters of a parameter."""

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
"""A SHA-256 in base64url."""


class AuthorizationRefused(Exception):
    """The request cannot be granted. The message is for the user of the application."""


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """What an application asks a user for. `issuer` is this server."""

    client: Client
    redirect_uri: str
    scopes: tuple[Scope, ...]
    state: str
    issuer: str

    @property
    def destination(self) -> str:
        return redirects.destination(self.redirect_uri)

    def answered(self, **parameters: str) -> str:
        """The redirect URI with an answer."""
        state = {"state": self.state} if self.state else {}
        joint = "&" if "?" in self.redirect_uri else "?"
        query = urlencode({**parameters, **state, "iss": self.issuer})
        return f"{self.redirect_uri}{joint}{query}"


def parse(given: QueryDict, issuer: str, resource: str) -> AuthorizationRequest:
    """`resource` is the address that tokens are for. Raises `AuthorizationRefused`."""
    if any(len(given.getlist(name)) > 1 for name in SINGLE):
        raise AuthorizationRefused("The application repeats a parameter in its request.")
    asked = {name: given.get(name, "") for name in SINGLE}
    if any(len(value) > LONGEST for value in asked.values()):
        raise AuthorizationRefused("The application's request is too long.")
    client = _client(asked["client_id"])
    if not redirects.is_registered(asked["redirect_uri"], client.get_redirect_uris()):
        raise AuthorizationRefused(
            f"The application {client.name!r} has not registered the address to which you would be"
            " sent. Somebody else may have made this link."
        )
    if asked["response_type"] not in clients.RESPONSE_TYPES:
        raise AuthorizationRefused("The application does not ask for an authorization code.")
    _require_challenge(asked)
    if not set(given.getlist("resource")) <= {resource}:
        raise AuthorizationRefused(
            f"The application asks for access to another server than {resource}."
        )
    scopes = _scopes(asked["scope"])
    return AuthorizationRequest(client, asked["redirect_uri"], scopes, asked["state"], issuer)


def _client(client_id: str) -> Client:
    """The application with an id, which may be the address of a document that describes it."""
    try:
        client = documents.find(client_id) if documents.is_address(client_id) else None
    except DocumentUnusable as error:
        raise AuthorizationRefused(str(error)) from error
    client = client or Client.objects.filter(pk=client_id).first()
    if client is None:
        raise AuthorizationRefused(
            "The application is not registered here, or nobody has used it for a long time. Remove"
            " this server from the application, and connect it again."
        )
    return client


def _require_challenge(asked: Mapping[str, str]) -> None:
    is_hashed = asked["code_challenge_method"] == "S256"
    if not (is_hashed and _CHALLENGE.fullmatch(asked["code_challenge"])):
        raise AuthorizationRefused(
            "The application does not protect its authorization code with PKCE (S256). Update the"
            " application."
        )


def _scopes(asked: str) -> tuple[Scope, ...]:
    """The scopes that are offered of those that are asked for; all of them if none is named. RFC
    6749 lets a server ignore others."""
    named = asked.split()
    offered = tuple(scope for scope in clients.SCOPES if not named or scope in named)
    if not offered:
        choices = ", ".join(clients.SCOPES)
        raise AuthorizationRefused(
            f"The application asks for permissions that agents cannot have here. It may ask for:"
            f" {choices}."
        )
    return offered


@transaction.atomic
def grant(request: HttpRequest, asked: AuthorizationRequest) -> str:
    """The user of the request consents. Returns the address to which they are sent, with a code.
    Raises `AuthorizationRefused` if they have authorized too many applications."""
    user = signed_in_user(request)
    if not grants.has_room(user):
        raise AuthorizationRefused(
            f"You have already authorized {grants.MOST_PER_USER} applications. Revoke one of them"
            " first."
        )
    # allauth ignores more parameters and no port of `localhost`: it gets the URI that was compared
    asked.client.set_redirect_uris([asked.redirect_uri])
    issuing = get_validator_context()
    issuing.clients[asked.client.pk] = asked.client
    try:
        headers, _, _ = get_server().create_authorization_response(
            *extract_params(request), scopes=list(asked.scopes), credentials={"user": user}
        )
    except OAuth2Error as error:
        raise AuthorizationRefused(f"The application's request is not valid: {error}") from error
    if issuing.grant_id is None:
        raise AuthorizationRefused("The application's request is not valid.")
    grants.record(user, asked.client, asked.scopes, issuing.grant_id)
    return f"{headers['Location']}&{urlencode({'iss': asked.issuer})}"


def refuse(asked: AuthorizationRequest) -> str:
    """The user does not consent. Returns the address to which they are sent."""
    return asked.answered(error="access_denied")

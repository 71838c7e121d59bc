"""The applications that may ask users for authorization: registered by themselves (RFC 7591), or
known by a document at the address that is their id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from allauth.idp.oidc.models import Client
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction

from codeindex import audit
from codeindex.accounts.oauth import redirects
from codeindex.audit import Change
from codeindex.models import Scope
from codeindex.models.oauth import REGISTERED_BY_ITSELF

SCOPES = (Scope.SEARCH,)
"""What can be authorized: agents' tools only read."""

GRANT_TYPES = ("authorization_code", "refresh_token")
RESPONSE_TYPES = ("code",)
NO_SECRET = "none"  # noqa: S105
"""How applications authenticate: not at all, since programs on users' computers keep no secret.
PKCE protects their codes."""

MOST_REDIRECTS = 10
NAME_CHARACTERS = 100


def is_on() -> bool:
    return bool(settings.CODEINDEX_OAUTH)


@dataclass(frozen=True, slots=True)
class Registration:
    """What an application says about itself. Nobody has checked its name."""

    name: str
    redirect_uris: tuple[str, ...]


class RegistrationRefused(Exception):
    """`code` is that of RFC 7591."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def parse(metadata: object) -> Registration:
    """The registration in the JSON that an application sent. Members that mean nothing here are
    ignored, as RFC 7591 asks. Raises `RegistrationRefused`."""
    if not isinstance(metadata, dict):
        raise RegistrationRefused("invalid_client_metadata", "Send a JSON object.")
    return Registration(_name(metadata), _redirect_uris(metadata))


def _name(metadata: Mapping[str, Any]) -> str:
    given = metadata.get("client_name", "")
    if not isinstance(given, str):
        raise RegistrationRefused("invalid_client_metadata", "client_name must be a string.")
    # Not even characters that change the direction of text
    printable = "".join(character for character in given if character.isprintable())
    return printable.strip()[:NAME_CHARACTERS] or "An application without a name"


def _redirect_uris(metadata: Mapping[str, Any]) -> tuple[str, ...]:
    given = metadata.get("redirect_uris")
    if not isinstance(given, list) or not 1 <= len(given) <= MOST_REDIRECTS:
        raise RegistrationRefused(
            "invalid_redirect_uri", f"redirect_uris must be a list of 1 to {MOST_REDIRECTS} URIs."
        )
    for uri in given:
        if not isinstance(uri, str) or (fault := redirects.fault(uri)):
            reason = fault if isinstance(uri, str) else "A redirect URI is a string."
            raise RegistrationRefused("invalid_redirect_uri", reason)
    return tuple(given)


@transaction.atomic
def register(registration: Registration) -> Client:
    """Registers an application under a new id."""
    client = Client(data={REGISTERED_BY_ITSELF: True})
    describe(client, registration)
    client.save()
    audit.record(Change.APPLICATION_REGISTERED, client.name, by=None, details=client.pk)
    return client


def describe(client: Client, registration: Registration) -> None:
    """Writes what an application says about itself, and what is the same for all, to its row."""
    client.name = registration.name
    client.type = Client.Type.PUBLIC
    client.secret = make_password(None)
    client.set_redirect_uris(list(registration.redirect_uris))
    client.set_scopes(list(SCOPES))
    client.set_default_scopes(list(SCOPES))
    client.set_grant_types(list(GRANT_TYPES))
    client.set_response_types(list(RESPONSE_TYPES))

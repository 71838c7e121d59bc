"""Applications that are known by a document at an HTTPS address, which is their id (Client ID
Metadata Documents). The document is fetched like everything that a stranger names: not from a
refused network, and within limits."""

from __future__ import annotations

import posixpath
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from allauth.idp.oidc.models import Client
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction

from codeindex import audit
from codeindex.accounts.oauth import clients
from codeindex.accounts.oauth.clients import Registration, RegistrationRefused
from codeindex.audit import Change
from codeindex.integrations import http
from codeindex.integrations.http import HostError
from codeindex.models.oauth import KNOWN_BY_DOCUMENT

LONGEST = 100
"""Characters of an address, which is the primary key of the row."""

FETCH_SECONDS = 5.0

FRESH_SECONDS = 3600
"""How long a document is not fetched again."""


class DocumentUnusable(Exception):
    """The message is for the user of the application."""


def is_address(client_id: str) -> bool:
    return bool(settings.CODEINDEX_OAUTH_DOCUMENTS) and client_id.startswith("https:")


def fetch(url: str) -> Any:
    """The JSON at an address. Raises `HostError`."""
    with http.connected(url, seconds=FETCH_SECONDS) as host:
        return host.get(url).json


def find(url: str, fetch: Callable[[str], Any] = fetch) -> Client:
    """The application that the document describes. Raises `DocumentUnusable`."""
    if not _is_id(url):
        raise DocumentUnusable(
            f"The application's id must be an address of at most {LONGEST} characters with a path."
        )
    known = Client.objects.filter(pk=url).first()
    if known is not None and time.time() - _fetched(known) < FRESH_SECONDS:
        return known
    try:
        document = fetch(url)
        registration = clients.parse(document)
    except (HostError, RegistrationRefused) as error:
        raise DocumentUnusable(f"The application is not described at {url}: {error}") from error
    if document.get("client_id") != url:
        raise DocumentUnusable(f"The document at {url} describes another application.")
    return _stored(url, registration)


@transaction.atomic
def _stored(url: str, registration: Registration) -> Client:
    client, is_new = Client.objects.get_or_create(pk=url, defaults={"secret": make_password(None)})
    client.data = {KNOWN_BY_DOCUMENT: True, "fetched": time.time()}
    clients.describe(client, registration)
    client.save()
    if is_new:
        by = audit.current_user()
        audit.record(Change.APPLICATION_REGISTERED, client.name, by=by, details=url)
    return client


def _is_id(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    is_plain = not (parts.query or parts.fragment or "@" in parts.netloc)
    is_normal = parts.path not in ("", "/") and posixpath.normpath(parts.path) == parts.path
    return len(url) <= LONGEST and url.isascii() and url.isprintable() and is_plain and is_normal


def _fetched(client: Client) -> float:
    return float((client.data or {}).get("fetched", 0))

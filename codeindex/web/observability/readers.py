"""Who may read metrics, and the details of readiness."""

from __future__ import annotations

import hmac
import ipaddress

from django.conf import settings
from django.http import HttpRequest

from codeindex.accounts.limits import clients

FORWARDING = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_FORWARDED", "HTTP_VIA")
"""Headers that proxies add; with one of them, a loopback address says nothing about the client."""


def may_read(request: HttpRequest) -> bool:
    """Whether the client sends the token, connects from a network in the settings, or is signed in
    as an administrator."""
    return _has_token(request) or _is_in_network(request) or _is_administrator(request)


def may_read_details(request: HttpRequest) -> bool:
    """The same, or whether it is a program on this machine."""
    return _is_local(request) or may_read(request)


def _has_token(request: HttpRequest) -> bool:
    wanted = settings.CODEINDEX_METRICS_TOKEN
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if not wanted or scheme.lower() != "bearer":
        return False
    return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode())


def _is_in_network(request: HttpRequest) -> bool:
    networks = settings.CODEINDEX_METRICS_NETWORKS
    client = clients.ip(request) if networks else None
    return client is not None and any(client in network for network in networks)


def _is_administrator(request: HttpRequest) -> bool:
    user = getattr(request, "user", None)
    return user is not None and user.is_active and user.is_superuser


def _is_local(request: HttpRequest) -> bool:
    if settings.CODEINDEX_BEHIND_TLS or any(header in request.META for header in FORWARDING):
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False

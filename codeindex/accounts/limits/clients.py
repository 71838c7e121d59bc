"""The client of a request, for rate limits: a user, or an address."""

from __future__ import annotations

import ipaddress

from django.conf import settings
from django.http import HttpRequest
from rest_framework.request import Request

_CUSTOMER_PREFIX = 64
"""Bits of an IPv6 address that identify one customer's network."""


def name(request: HttpRequest | Request) -> str:
    """The user, or the address of an anonymous client."""
    user = request.user
    return f"user {user.pk}" if user.is_authenticated else f"address {address(request)}"


def address(request: HttpRequest | Request) -> str:
    """The address of the client, or its network for IPv6."""
    client = ip(request)
    if client is None:
        return "unknown"
    if isinstance(client, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((client, _CUSTOMER_PREFIX), strict=False))
    return str(client)


def ip(request: HttpRequest | Request) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address of the client; None if it is unknown, as at a unix socket. Behind a proxy it is
    the last address in X-Forwarded-For, which the proxy has added; the client can forge those
    before it."""
    remote = request.META.get("REMOTE_ADDR", "")
    if settings.CODEINDEX_BEHIND_TLS:
        forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "")
        remote = forwarded.rpartition(",")[2].strip() or remote
    try:
        client = ipaddress.ip_address(remote)
    except ValueError:
        return None
    if isinstance(client, ipaddress.IPv6Address) and client.ipv4_mapped:
        return client.ipv4_mapped
    return client

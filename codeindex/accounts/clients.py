"""Who sends a request, as far as limits are concerned: a user, or an address."""

from __future__ import annotations

import ipaddress

from django.conf import settings
from django.http import HttpRequest
from rest_framework.request import Request

_HOUSEHOLD = 64
"""Bits of an IPv6 address that are one customer's."""


def name(request: HttpRequest | Request) -> str:
    """The user, or the address of someone who is not signed in."""
    user = request.user
    return f"user {user.pk}" if user.is_authenticated else f"address {address(request)}"


def address(request: HttpRequest | Request) -> str:
    """The address that the request came from; the network, of an IPv6 address. Behind a proxy the
    one that the proxy has seen, which it writes last into X-Forwarded-For: what stands before it
    is what the client says."""
    sent_from = request.META.get("REMOTE_ADDR", "")
    if settings.CODEINDEX_BEHIND_TLS:
        forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "")
        sent_from = forwarded.rpartition(",")[2].strip() or sent_from
    try:
        known = ipaddress.ip_address(sent_from)
    except ValueError:
        return "unknown"
    if isinstance(known, ipaddress.IPv6Address):
        if known.ipv4_mapped:
            return str(known.ipv4_mapped)
        return str(ipaddress.ip_network((known, _HOUSEHOLD), strict=False))
    return str(known)

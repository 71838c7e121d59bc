"""The addresses that tokens name: this server as the issuer, and the endpoint for agents as the
resource. They are the ones by which the client reached it, which ALLOWED_HOSTS limits."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import reverse
from rest_framework.request import Request


def issuer(request: HttpRequest) -> str:
    return absolute(request, "/").rstrip("/")


def resource(request: HttpRequest) -> str:
    return absolute(request, reverse("mcp"))


def resource_metadata(request: HttpRequest | Request) -> str:
    """Where the resource says who issues its tokens (RFC 9728)."""
    return absolute(request, reverse("oauth-resource"))


def absolute(request: HttpRequest | Request, path: str) -> str:
    return str(request.build_absolute_uri(path))

"""What applications ask for by themselves: metadata, registration, tokens, revocation."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.idp.oidc import views as allauth
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from codeindex.accounts.limits import clients as addresses_of_clients
from codeindex.accounts.limits import throttles
from codeindex.accounts.limits.throttles import TooManyRequests
from codeindex.accounts.oauth import clients, grants
from codeindex.accounts.oauth.clients import RegistrationRefused
from codeindex.web.oauth import addresses

LARGEST = 16 * 1024
"""Bytes of a registration."""

View = Callable[[HttpRequest], HttpResponse]


@require_safe
def resource(request: HttpRequest) -> HttpResponse:
    """Protected resource metadata (RFC 9728)."""
    return JsonResponse(
        {
            "resource": addresses.resource(request),
            "resource_name": "codeindex",
            "authorization_servers": [addresses.issuer(request)],
            "scopes_supported": list(clients.SCOPES),
            "bearer_methods_supported": ["header"],
            "resource_documentation": addresses.absolute(request, reverse("agents")),
        }
    )


@require_safe
def server(request: HttpRequest) -> HttpResponse:
    """Authorization server metadata (RFC 8414)."""
    endpoints = {
        "authorization_endpoint": "oauth-authorize",
        "token_endpoint": "oauth-token",
        "registration_endpoint": "oauth-register",
        "revocation_endpoint": "oauth-revoke",
    }
    return JsonResponse(
        {
            "issuer": addresses.issuer(request),
            **{
                member: addresses.absolute(request, reverse(name))
                for member, name in endpoints.items()
            },
            "scopes_supported": list(clients.SCOPES),
            "response_types_supported": list(clients.RESPONSE_TYPES),
            "response_modes_supported": ["query"],
            "grant_types_supported": list(clients.GRANT_TYPES),
            "token_endpoint_auth_methods_supported": [clients.NO_SECRET],
            "revocation_endpoint_auth_methods_supported": [clients.NO_SECRET],
            "code_challenge_methods_supported": ["S256"],
            "client_id_metadata_document_supported": settings.CODEINDEX_OAUTH_DOCUMENTS,
            "authorization_response_iss_parameter_supported": True,
            "service_documentation": addresses.absolute(request, reverse("agents")),
        }
    )


def _limited(action: str, setting: str) -> Callable[[View], View]:
    """Limits the rate of an endpoint for each address, and answers with the errors of RFC 6749."""

    def decorate(view: View) -> View:
        @csrf_exempt
        @require_POST
        @wraps(view)
        def wrapper(request: HttpRequest) -> HttpResponse:
            address = addresses_of_clients.address(request)
            try:
                throttles.count(action, getattr(settings, setting), address)
            except TooManyRequests as error:
                refused = _error("temporarily_unavailable", str(error.detail), 429)
                refused.headers["Retry-After"] = str(error.wait)
                return refused
            return view(request)

        return wrapper

    return decorate


@_limited("registrations of applications", "CODEINDEX_OAUTH_REGISTRATION_RATE")
def register(request: HttpRequest) -> HttpResponse:
    """Dynamic client registration (RFC 7591)."""
    try:
        client = clients.register(clients.parse(_json(request)))
    except RegistrationRefused as refusal:
        return _error(refusal.code, str(refusal))
    return JsonResponse(
        {
            "client_id": client.pk,
            "client_id_issued_at": int(client.created_at.timestamp()),
            "client_name": client.name,
            "redirect_uris": client.get_redirect_uris(),
            "grant_types": client.get_grant_types(),
            "response_types": client.get_response_types(),
            "scope": " ".join(client.get_scopes()),
            "token_endpoint_auth_method": clients.NO_SECRET,
        },
        status=201,
    )


@_limited("requests for tokens", "CODEINDEX_OAUTH_TOKEN_RATE")
def token(request: HttpRequest) -> HttpResponse:
    """Exchanges an authorization code, or a refresh token, for tokens."""
    if not set(request.POST.getlist("resource")) <= {addresses.resource(request)}:
        reason = f"Tokens of this server are for {addresses.resource(request)} only."
        return _error("invalid_target", reason)
    grant_type = request.POST.get("grant_type", "")
    if grant_type not in clients.GRANT_TYPES:
        return _error("unsupported_grant_type", f"Use {' or '.join(clients.GRANT_TYPES)}.")
    return _refreshed(request) if grant_type == "refresh_token" else _issued(request)


@transaction.atomic
def _refreshed(request: HttpRequest) -> HttpResponse:
    value = request.POST.get("refresh_token", "")
    grant = grants.before_refresh(value, request.POST.get("client_id", ""))
    response = _issued(request)
    if grant is not None and response.status_code == 200:
        grants.after_refresh(grant, value)
    return response


def _issued(request: HttpRequest) -> HttpResponse:
    response: HttpResponse = allauth.token(request)
    return response


@_limited("requests for tokens", "CODEINDEX_OAUTH_TOKEN_RATE")
def revoke(request: HttpRequest) -> HttpResponse:
    """Ends the grant of a token (RFC 7009). An unknown token is no error."""
    given = request.POST.get("token", "")
    if grant := grants.of_token(given, request.POST.get("client_id", "")):
        grants.end(grant, by=None, details="by the application")
    return HttpResponse()


def _json(request: HttpRequest) -> Any:
    """The JSON in the body. Raises `RegistrationRefused`."""
    if request.content_type != "application/json":
        raise RegistrationRefused("invalid_client_metadata", "Send application/json.")
    if len(request.body) > LARGEST:
        reason = f"A registration has at most {LARGEST // 1024} KiB."
        raise RegistrationRefused("invalid_client_metadata", reason)
    try:
        return json.loads(request.body)
    except (ValueError, RecursionError):
        raise RegistrationRefused("invalid_client_metadata", "The body is not JSON.") from None


def _error(code: str, description: str, status: int = 400) -> HttpResponse:
    return JsonResponse({"error": code, "error_description": description}, status=status)

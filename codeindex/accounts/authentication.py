"""Token authentication of API requests, and the scopes that they need."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.contrib.auth.models import User
from django.http import HttpRequest
from rest_framework import authentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from codeindex import audit
from codeindex.accounts import local_sign_in, tokens
from codeindex.accounts.tokens import Grant, TokenRefused
from codeindex.audit import Door
from codeindex.client import local_server
from codeindex.models import Scope

if TYPE_CHECKING:  # it imports this module, which the settings name
    from rest_framework.views import APIView

SCHEMES = {"bearer", "token"}
"""RFC 6750's, and the REST framework's, which came first here."""

FOREIGN_SCHEMES = {"basic", "digest", "negotiate"}
"""Ignored: a browser or a proxy adds these to authenticate with the proxy."""

SignIn = Callable[[str], tuple[User, Grant]]
"""The user of a key, and what it grants. Raises `TokenRefused`."""

CHALLENGE = 'Bearer realm="codeindex"'


class InsufficientScope(PermissionDenied):
    """Becomes a 403 that names the scope, with the challenge of RFC 6750."""

    def __init__(self, scope: Scope) -> None:
        super().__init__(f'The token lacks the scope "{scope.value}".')
        self.auth_header = f'{CHALLENGE}, error="insufficient_scope", scope="{scope.value}"'


class ScopePermission(BasePermission):
    """The token of a request needs the scope that the view names as `scope`: by default `search`
    for what only reads, and `index` for everything else. A session has all scopes."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        by_method = Scope.SEARCH if request.method in SAFE_METHODS else Scope.INDEX
        require_scope(request, getattr(view, "scope", by_method))
        return True


class TokenAuthentication(authentication.BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[User, Grant | None] | None:
        return authenticate(request)

    def authenticate_header(self, request: Request) -> str:
        """What a 401 answers in WWW-Authenticate."""
        is_refused = "HTTP_AUTHORIZATION" in request.META
        return f'{CHALLENGE}, error="invalid_token"' if is_refused else CHALLENGE


def authenticate(
    request: HttpRequest | Request, sign_in: SignIn = tokens.signed_in
) -> tuple[User, Grant | None] | None:
    """The user of `Authorization: Bearer KEY` or `Token KEY`, and what the token grants. A request
    that is signed on this machine has no grant, and may do what a session may. None without such a
    header. Raises `AuthenticationFailed` for a key or signature that is not valid, so that it is
    never taken for an anonymous request."""
    scheme, _, key = request.META.get("HTTP_AUTHORIZATION", "").strip().partition(" ")
    if not scheme or scheme.lower() in FOREIGN_SCHEMES:
        return None
    if scheme.lower() == local_server.SCHEME:
        user = local_sign_in.signed_in(request, key.strip())
        audit.identify(user, door=Door.COMMAND)
        return user, None
    if scheme.lower() not in SCHEMES:
        raise AuthenticationFailed("The header must be: Authorization: Bearer TOKEN.")
    try:
        user, grant = sign_in(key.strip())
    except TokenRefused as refusal:
        raise AuthenticationFailed(str(refusal)) from refusal
    audit.identify(user, grant.beginning)
    return user, grant


def require_scope(request: HttpRequest | Request, scope: Scope) -> None:
    """Raises `InsufficientScope` if the request was signed in by a token that lacks the scope."""
    grant = grant_of(request)
    if grant and scope not in grant.scopes:
        raise InsufficientScope(scope)


def grant_of(request: HttpRequest | Request) -> Grant | None:
    """What the token of a request allows; None for a session or an anonymous request."""
    auth = getattr(request, "auth", None)
    return auth if isinstance(auth, Grant) else None


def signed_in_user(request: HttpRequest | Request) -> User:
    """The user of a request, in a view that requires one."""
    assert isinstance(request.user, User)
    return request.user

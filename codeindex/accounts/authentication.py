"""Token authentication of API requests."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.http import HttpRequest
from rest_framework import authentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from codeindex.accounts import tokens


def signed_in_user(request: HttpRequest | Request) -> User:
    """The user of a request, in a view that requires one."""
    assert isinstance(request.user, User)
    return request.user


class TokenAuthentication(authentication.TokenAuthentication):
    """Reads the header as the REST framework does: `Authorization: Token …`."""

    def authenticate_credentials(self, key: str) -> tuple[User, None]:
        user = tokens.owner(key)
        if user is None:
            raise AuthenticationFailed("Invalid or revoked token.")
        return user, None

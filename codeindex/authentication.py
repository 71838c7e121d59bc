"""Who sends a request to the API, by a token."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from rest_framework import authentication
from rest_framework.authtoken.models import Token


class TokenAuthentication(authentication.TokenAuthentication):
    """As the REST framework's, which says why a token is refused; but the ORM takes three times as
    long to put together the statement that every search begins with."""

    def authenticate_credentials(self, key: str) -> tuple[Any, Any]:
        for user in User.objects.raw(OWNER, [key]):
            return user, Token(key=key, user=user)
        return super().authenticate_credentials(key)


OWNER = """
SELECT auth_user.* FROM auth_user JOIN authtoken_token ON user_id = auth_user.id
WHERE key = %s AND is_active
"""

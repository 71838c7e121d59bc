"""The first administrator of a new installation."""

from __future__ import annotations

import secrets

from django.contrib.auth import get_user_model

NAME = "admin"


def created() -> str | None:
    """Makes an administrator where there is none, and returns the password: it is kept nowhere."""
    users = get_user_model()
    if users.objects.filter(is_superuser=True, is_active=True).exists():
        return None
    password = secrets.token_urlsafe(12)
    users.objects.create_superuser(NAME, password=password)
    return password

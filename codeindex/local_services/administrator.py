"""The first administrator of a new installation."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from django.contrib.auth import get_user_model

_NAME = "admin"


@dataclass(frozen=True, slots=True)
class Credentials:
    name: str
    password: str


def ensure_password() -> Credentials | None:
    """Creates an administrator if there is none, and sets a password if no administrator has one,
    as after a first command without `make run`. Returns the new password, which is not stored, or
    None if there was nothing to do."""
    administrators = get_user_model().objects.filter(is_superuser=True).order_by("pk")
    if any(administrator.has_usable_password() for administrator in administrators):
        return None
    administrator = administrators.first() or get_user_model().objects.create_superuser(_NAME)
    password = secrets.token_urlsafe(12)
    administrator.set_password(password)
    administrator.save(update_fields=["password"])
    return Credentials(administrator.get_username(), password)

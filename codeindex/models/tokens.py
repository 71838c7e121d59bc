"""The tokens that programs sign in with."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import is_password_usable
from django.contrib.auth.models import User
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Value
from django.db.models.functions import Now
from django.db.models.signals import pre_save
from django.dispatch import receiver
from django.utils import timezone

from codeindex.models.oauth import OAuthGrant


class Scope(models.TextChoices):
    """What a token may be used for. It never grants more than its user may do."""

    SEARCH = "search", "search and read code, and see repositories and their runs"
    INDEX = "index", "register, change, index and remove repositories"
    ADMIN = "admin", "manage tokens; an administrator's token administers, too"


_SCOPES = ArrayField(models.CharField(max_length=20))


class Token(models.Model):
    """A token of the API. Its key is shown once, when it is created, and is not stored.

    `password` is the digest of the user's hashed password at that time: changing the password, in
    whatever way, revokes the token."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=100, blank=True)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    beginning = models.CharField(max_length=12)  # of the key, by which its owner recognises it
    password = models.CharField(max_length=64, editable=False)
    created = models.DateTimeField(db_default=Now())
    last_used = models.DateTimeField(null=True, blank=True)  # to the hour
    expires = models.DateTimeField(null=True, blank=True)  # never, if null
    # All of them for tokens from before there were scopes, or from an old version during an upgrade
    scopes = ArrayField(
        models.CharField(max_length=20),
        db_default=Value(["search", "index", "admin"], _SCOPES),
    )

    class Meta:
        ordering = ["-created", "-pk"]

    def __str__(self) -> str:
        return f"{self.beginning}… of {self.user}"

    @property
    def is_expired(self) -> bool:
        return self.expires is not None and self.expires <= timezone.now()


def digest(secret: str) -> str:
    """SHA-256 in hexadecimal digits. A key of 160 random bits needs no slow hash; a password comes
    as Django has hashed it."""
    return hashlib.sha256(secret.encode()).hexdigest()


@receiver(pre_save, sender=settings.AUTH_USER_MODEL)
def keep_tokens(instance: User, update_fields: Collection[str] | None = None, **_: Any) -> None:
    """When Django's password hashing has changed, a login hashes the same password again. Its
    tokens and grants stay valid."""
    is_rehash = (
        set(update_fields or ()) == {"password"} and getattr(instance, "_password", None) is None
    )
    if not is_rehash or not is_password_usable(instance.password):
        return
    before = User.objects.values_list("password", flat=True).get(pk=instance.pk)
    for model in (Token, OAuthGrant):
        kept = model.objects.filter(user=instance, password=digest(before))
        kept.update(password=digest(instance.password))

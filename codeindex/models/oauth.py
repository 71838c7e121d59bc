"""The applications that users have authorized with OAuth."""

from __future__ import annotations

from datetime import timedelta

from allauth.idp.oidc.models import Client, Token
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models, transaction
from django.db.models import Exists, OuterRef
from django.db.models.fields.json import KT
from django.db.models.functions import Now
from django.utils import timezone

REGISTERED_BY_ITSELF, KNOWN_BY_DOCUMENT = "dcr", "cimd"
"""The keys in a `Client`'s data that say how it became known."""

UNUSED_HOURS = 24
"""How long an application is kept that nobody has authorized."""


class OAuthGrantQuerySet(models.QuerySet["OAuthGrant"]):
    def with_valid_token(self) -> OAuthGrantQuerySet:
        own = Token.objects.valid().annotate(grant=KT("data__grant_id"))
        return self.filter(
            Exists(own.filter(client=OuterRef("client"), grant=OuterRef("identifier")))
        )

    @transaction.atomic
    def forget(self) -> None:
        """Deletes tokens that have expired, grants without any other, and applications that
        nobody uses."""
        Token.objects.expired().delete()
        self.exclude(pk__in=self.with_valid_token()).delete()
        Client.objects.filter(
            data__has_any_keys=[REGISTERED_BY_ITSELF, KNOWN_BY_DOCUMENT],
            created_at__lt=timezone.now() - timedelta(hours=UNUSED_HOURS),
            grants=None,
        ).delete()


class OAuthGrant(models.Model):
    """A user has authorized an application. The tokens that allauth issues for it carry its
    `identifier`, and are worth nothing without this row.

    `password` is the digest of the user's hashed password at that time: changing the password, in
    whatever way, ends the grant."""

    identifier = models.CharField(max_length=32, unique=True)  # allauth's `grant_id`
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="oauth_grants")
    client = models.ForeignKey(Client, models.CASCADE, related_name="grants")
    scopes = ArrayField(models.CharField(max_length=20))
    password = models.CharField(max_length=64, editable=False)
    created = models.DateTimeField(db_default=Now())
    last_used = models.DateTimeField(null=True, blank=True)  # to the hour
    expires = models.DateTimeField(null=True, blank=True)  # never, if null
    refreshed = models.DateTimeField(null=True, blank=True, editable=False)
    # Hashes of the latest refresh tokens that were exchanged for new ones
    spent = ArrayField(models.CharField(max_length=64), default=list, editable=False)

    objects = OAuthGrantQuerySet.as_manager()

    class Meta:
        ordering = ["-created", "-pk"]

    def __str__(self) -> str:
        return f"{self.client.name} for {self.user}"

    @property
    def beginning(self) -> str:
        """What names the grant where others name the beginning of a token's key."""
        return f"oauth-{self.identifier[:6]}"

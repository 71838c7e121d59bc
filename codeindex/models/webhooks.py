"""Webhooks: what code hosts send when somebody pushes."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from codeindex.models.repositories import Repository

KEPT = timedelta(days=1)
"""How long deliveries are kept."""


class PushWebhook(models.Model):
    """An address at which code hosts tell of pushes. It reaches the repositories that its owner
    manages, or `repository` alone."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="push_webhooks"
    )
    name = models.CharField(max_length=100)
    repository = models.ForeignKey(
        Repository, models.CASCADE, null=True, blank=True, related_name="push_webhooks"
    )
    secret = models.TextField(editable=False)  # encrypted: codeindex.credentials
    created = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.name


class PushDeliveryQuerySet(models.QuerySet["PushDelivery"]):
    def forget(self) -> None:
        """Delete what has been kept long enough."""
        self.filter(received__lt=Now() - KEPT).delete()


class PushDelivery(models.Model):
    """A signed request to a webhook, and what came of it."""

    webhook = models.ForeignKey(PushWebhook, models.CASCADE, related_name="deliveries")
    digest = models.CharField(max_length=64)  # SHA-256 of its body
    received = models.DateTimeField(db_default=Now())
    outcome = models.CharField(max_length=200, blank=True)

    objects = PushDeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "push deliveries"
        ordering = ["-received", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["webhook", "digest"], name="delivery_of_webhook"),
        ]
        indexes = [models.Index(fields=["received"], name="push_deliveries_by_age")]

    def __str__(self) -> str:
        return f"a delivery of {self.webhook}"

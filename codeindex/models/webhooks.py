"""Webhooks: what code hosts send when somebody pushes, and what is sent when a run has ended."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from codeindex.models.repositories import IndexRun, Repository
from codeindex.models.searches import Alert

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
    def outdated(self) -> PushDeliveryQuerySet:
        """What has been kept long enough."""
        return self.filter(received__lt=Now() - KEPT)


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


class OutgoingEvent(models.TextChoices):
    """By the names that receivers see."""

    FINISHED = "run.finished", "an index run has finished"
    FAILED = "run.failed", "an index run has failed"
    MATCHED = "search.matched", "a saved search has found new code"


class OutgoingWebhook(models.Model):
    """An address that is told how index runs end, those of the repositories that its owner manages
    or of `repository` alone, and what new code its owner's saved searches find. The address may
    hold a secret, so that only its origin is shown."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="outgoing_webhooks"
    )
    name = models.CharField(max_length=100)
    url = models.TextField(editable=False)  # encrypted: codeindex.credentials
    origin = models.CharField(max_length=300)
    secret = models.TextField(editable=False)  # encrypted
    events = models.JSONField(default=list)
    repository = models.ForeignKey(
        Repository, models.CASCADE, null=True, blank=True, related_name="outgoing_webhooks"
    )
    created = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.name


class OutgoingDelivery(models.Model):
    """What a webhook has to be told of a `run` or an `alert`: a row of the outbox, written in the
    transaction that ends the run or makes the alert. `due` is None when it has been delivered or
    given up."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True)
    webhook = models.ForeignKey(OutgoingWebhook, models.CASCADE, related_name="deliveries")
    run = models.ForeignKey(IndexRun, models.CASCADE, null=True, blank=True, related_name="+")
    alert = models.ForeignKey(Alert, models.CASCADE, null=True, blank=True, related_name="+")
    event = models.CharField(max_length=20, choices=OutgoingEvent.choices)
    created = models.DateTimeField(db_default=Now())
    due = models.DateTimeField(null=True, blank=True, db_default=Now())
    attempts = models.PositiveSmallIntegerField(default=0)
    delivered = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)
    lease = models.UUIDField(null=True, blank=True, editable=False)
    leased_until = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name_plural = "outgoing deliveries"
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["webhook", "run", "event"], name="told_once"),
            models.UniqueConstraint(fields=["webhook", "alert"], name="alert_told_once"),
        ]
        indexes = [
            models.Index(
                fields=["due"], condition=models.Q(due__isnull=False), name="deliveries_due"
            ),
            models.Index(fields=["created"], name="deliveries_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.event} for {self.webhook}"

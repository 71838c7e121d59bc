"""What searches leave behind: recent ones, saved ones, and what alerts of these have found."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from codeindex.models.repositories import IndexRun

KEPT = timedelta(days=30)
"""How long alerts are kept, and how long a run waits for saved searches that cannot be compared."""


class RecentSearch(models.Model):
    """A search on the page, as its user finds it again: its query string, and the text in it."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="recent_searches"
    )
    digest = models.CharField(max_length=64)  # SHA-256 of `asked`, which may be long for an index
    asked = models.TextField()
    text = models.TextField(blank=True)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name_plural = "recent searches"
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["user", "digest"], name="recent_search_once"),
        ]

    def __str__(self) -> str:
        return self.text


class SavedSearch(models.Model):
    """A search that its owner has named: `asked` is its query string. Since `alerting`, new code
    that it finds makes an `Alert`, which is also sent by `mail` if that is on."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="saved_searches"
    )
    name = models.CharField(max_length=200)
    asked = models.TextField()
    alerting = models.DateTimeField(null=True, blank=True)
    mail = models.BooleanField(default=False)
    created = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name_plural = "saved searches"
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "name"], name="saved_search_of_owner"),
        ]

    def __str__(self) -> str:
        return self.name


class AwaitedComparison(models.Model):
    """A finished run with whose new code the alerting searches have not been compared yet."""

    run = models.OneToOneField(IndexRun, models.CASCADE, related_name="+")
    created = models.DateTimeField(db_default=Now())
    lease = models.UUIDField(null=True, blank=True, editable=False)
    leased_until = models.DateTimeField(null=True, blank=True, editable=False)

    def __str__(self) -> str:
        return f"the new code of {self.run}"


class Alert(models.Model):
    """New code that a saved search has found: `matches` are where it was, without the code itself.
    `mail_due` is None when there is nothing to be sent, or no more."""

    search = models.ForeignKey(SavedSearch, models.CASCADE, related_name="alerts")
    matches = models.JSONField()  # of codeindex.searches.alerts.Match
    created = models.DateTimeField(db_default=Now())
    mail_due = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)
    lease = models.UUIDField(null=True, blank=True, editable=False)
    leased_until = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(
                fields=["mail_due"], condition=models.Q(mail_due__isnull=False), name="mails_due"
            ),
            models.Index(fields=["created"], name="alerts_by_age"),
        ]

    def __str__(self) -> str:
        return f"new code for {self.search}"

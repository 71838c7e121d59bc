"""The audit: one row for each thing that people and programs did."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now


class AuditRecord(models.Model):
    """Something that somebody did. Rows are only ever added: a trigger refuses to change them, and
    to delete them other than by `codeindex.audit.forget`.

    Names and not references, so that a row says the same when its user, token or repository is
    gone. `user` is empty for anonymous requests and for whoever runs a command."""

    at = models.DateTimeField(db_default=Now())
    action = models.CharField(max_length=40)  # the name of an `audit.Change` or `audit.Access`
    user_id = models.BigIntegerField(null=True)
    user = models.CharField(max_length=150, blank=True)
    door = models.CharField(max_length=10)  # an `audit.Door`
    address = models.CharField(max_length=50, blank=True)  # of the client; a network for IPv6
    token = models.CharField(max_length=12, blank=True)  # the beginning of its key
    subject = models.TextField(blank=True)  # `owner/name`, a path in it, a user, …
    details = models.TextField(blank=True)
    text = models.TextField(blank=True)  # what was searched for: kept, hashed or left out

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["at"], name="audit_by_time"),
            models.Index(fields=["user", "id"], name="audit_by_user"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.user} {self.action} {self.subject}"

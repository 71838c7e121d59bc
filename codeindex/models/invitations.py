"""Invitations to this installation and its teams."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.db.models.functions import Now

from codeindex.models.teams import Role


class Invitation(models.Model):
    """A link that one person uses once, to create an account, join a team, or both. Its secret is
    shown once, when it is created, and is not stored."""

    digest = models.CharField(max_length=64, unique=True, editable=False)
    note = models.CharField(max_length=100, blank=True)  # for whom it is
    team = models.ForeignKey(Group, models.CASCADE, null=True, blank=True, related_name="+")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.MEMBER)
    # The link ends when they may no longer invite, or are removed
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="invitations"
    )
    created = models.DateTimeField(db_default=Now())
    expires = models.DateTimeField()
    accepted = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.note or f"invitation {self.pk}"

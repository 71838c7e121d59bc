"""What members of a team may do. Teams are Django's groups, and memberships its rows."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models


class Role(models.TextChoices):
    MEMBER = "member", "member"
    MAINTAINER = "maintainer", "maintainer"


class Membership(models.Model):
    """The details of a membership. One without such a row was made by hand, and its role is member.
    The database deletes the row with Django's, however that is deleted."""

    row = models.OneToOneField(
        User.groups.through, models.CASCADE, primary_key=True, related_name="details"
    )
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.MEMBER)
    # Made by single sign-on, which ends it when the provider no longer names the group
    by_sign_on = models.BooleanField(default=False, db_default=False)

    def __str__(self) -> str:
        return f"{self.role} {self.row}"


class SignOnAdministrator(models.Model):
    """Single sign-on has made this user an administrator, and makes them an ordinary user again
    when the provider no longer names the group."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True)

    def __str__(self) -> str:
        return str(self.user)

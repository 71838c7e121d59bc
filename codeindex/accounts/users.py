"""Follows every change to a user, however it is made: records it, and signs deactivated users out
everywhere."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models.signals import post_delete, post_save, pre_save
from django.dispatch import receiver
from django.utils import timezone

from codeindex import audit
from codeindex.accounts import tokens
from codeindex.accounts.oauth import grants
from codeindex.audit import Change

RECORDED = ("username", "email", "is_active", "is_staff", "is_superuser")
"""The fields whose changes are recorded, besides the password."""

SESSIONS = 1_000
"""How many sessions are read at a time."""


@receiver(pre_save, sender=settings.AUTH_USER_MODEL)
def remember(instance: User, update_fields: Collection[str] | None = None, **_: Any) -> None:
    """Keeps the row as it was before it is saved."""
    is_of_interest = update_fields is None or {*RECORDED, "password"} & set(update_fields)
    before = User.objects.filter(pk=instance.pk).first() if is_of_interest else None
    instance._before = before  # type: ignore[attr-defined]


@receiver(post_save, sender=settings.AUTH_USER_MODEL)
@transaction.atomic
def record_change(instance: User, created: bool, **_: Any) -> None:
    name, by = instance.get_username(), audit.current_user()
    before: User | None = instance.__dict__.pop("_before", None)
    if created:
        role = "administrator" if instance.is_superuser else ""
        audit.record(Change.USER_CREATED, name, by=by, details=role)
        return
    if before is None:
        return
    changed = [field for field in RECORDED if getattr(before, field) != getattr(instance, field)]
    if changed:
        details = ", ".join(f"{field}: {getattr(instance, field)}" for field in changed)
        audit.record(Change.USER_CHANGED, name, by=by, details=details)
    # A sign-in may hash the same password anew; a new password is still at hand.
    if before.password != instance.password and getattr(instance, "_password", None) is not None:
        audit.record(Change.PASSWORD_CHANGED, name, by=by)
    # When they are activated, too: `QuerySet.update` may have deactivated them without a signal.
    if before.is_active != instance.is_active:
        sign_out_everywhere(instance, by=by)


@receiver(post_delete, sender=settings.AUTH_USER_MODEL)
@transaction.atomic
def record_removal(instance: User, **_: Any) -> None:
    audit.record(Change.USER_REMOVED, instance.get_username(), by=audit.current_user())


@transaction.atomic
def sign_out_everywhere(user: User, *, by: User | None) -> None:
    """Ends the sessions of `user`, and revokes their tokens and what they have authorized, so that
    none works again if the user is activated again. None works while the user is deactivated
    anyway."""
    tokens.revoke(user, by=by)
    grants.revoke(user, by=by)
    own = [session.pk for session in _open_sessions() if _user_id(session) == str(user.pk)]
    Session.objects.filter(pk__in=own).delete()


def _open_sessions() -> Any:
    """All of them, since only the encoded data of a session says whose it is."""
    return Session.objects.filter(expire_date__gt=timezone.now()).iterator(chunk_size=SESSIONS)


def _user_id(session: Session) -> str | None:
    return session.get_decoded().get(SESSION_KEY)

"""Searches that their owners have named, and whether they alert."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from codeindex import audit
from codeindex.audit import Change
from codeindex.models import SavedSearch

MOST_PER_USER = 50


def mail_is_set_up() -> bool:
    return bool(settings.EMAIL_HOST)


def owned_by(user: User) -> QuerySet[SavedSearch]:
    return SavedSearch.objects.filter(owner=user)


def of(user: User | AnonymousUser) -> QuerySet[SavedSearch]:
    """Those of a user; none of an anonymous one."""
    return owned_by(user) if isinstance(user, User) else SavedSearch.objects.none()


@transaction.atomic
def save(owner: User, name: str, asked: str, *, alerts: bool, mail: bool) -> SavedSearch:
    """A search by its query string `asked`, which a door has checked. Raises `ValidationError` by
    field."""
    User.objects.select_for_update(no_key=True).get(pk=owner.pk)
    if owned_by(owner).count() >= MOST_PER_USER:
        reason = f"You already have {MOST_PER_USER} saved searches. Remove one of them first."
        raise ValidationError({NON_FIELD_ERRORS: [reason]})
    if owned_by(owner).filter(name=name).exists():
        raise ValidationError({"name": ["You already have a saved search of this name."]})
    _check_mail(owner, mail)
    saved = SavedSearch.objects.create(
        owner=owner,
        name=name,
        asked=asked,
        alerting=timezone.now() if alerts else None,
        mail=alerts and mail,
    )
    audit.record(Change.SEARCH_SAVED, name, by=owner, details=_alerting(saved))
    return saved


@transaction.atomic
def change_alerts(saved: SavedSearch, *, alerts: bool, mail: bool) -> None:
    """Code that becomes searchable from now on is new for alerts that are switched on. Raises
    `ValidationError` by field."""
    _check_mail(saved.owner, mail)
    saved.alerting = (saved.alerting or timezone.now()) if alerts else None
    saved.mail = alerts and mail
    saved.save(update_fields=["alerting", "mail"])
    audit.record(Change.SAVED_SEARCH_CHANGED, saved.name, by=saved.owner, details=_alerting(saved))


@transaction.atomic
def remove(saved: SavedSearch) -> None:
    audit.record(Change.SAVED_SEARCH_REMOVED, saved.name, by=saved.owner)
    saved.delete()


def _check_mail(owner: User, mail: bool) -> None:
    if mail and not mail_is_set_up():
        raise ValidationError({"mail": ["This server sends no mail."]})
    if mail and not owner.email:
        raise ValidationError({"mail": ["Your account has no email address."]})


def _alerting(saved: SavedSearch) -> str:
    if not saved.alerting:
        return "no alerts"
    return "alerts, also by mail" if saved.mail else "alerts"

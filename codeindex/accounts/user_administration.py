"""What administrators do with users. The changes themselves are recorded by
`codeindex.accounts.users`, however they are made."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, QuerySet

from codeindex.accounts import departure, second_factor

LAST_ADMINISTRATOR = (
    "This is the last active administrator. Make another user an administrator first."
)
ONESELF = "You cannot do this to your own account. Ask another administrator."


def listed(name: str = "") -> QuerySet[User]:
    """The users whose name or e-mail address contains `name`, by name, each with the number of its
    `owned` repositories."""
    matching = User.objects.filter(username__icontains=name) | User.objects.filter(
        email__icontains=name
    )
    return matching.annotate(owned=Count("repositories")).order_by("username")


@transaction.atomic
def create(name: str, email: str, password: str, *, is_administrator: bool) -> User:
    """A new user; without a password where users sign in with a provider alone. Raises
    `ValidationError` by field."""
    user = User(
        username=name, email=email, is_superuser=is_administrator, is_staff=is_administrator
    )
    if settings.CODEINDEX_PASSWORDS:
        user.set_password(password)
    else:
        user.set_unusable_password()
    user.full_clean()
    user.save()
    return user


@transaction.atomic
def set_active(user: User, active: bool, *, by: User) -> None:
    """Deactivated users are signed out everywhere, and their tokens are revoked. Raises
    `ValidationError`."""
    row = _changeable(user, by, keeps_administering=active)
    row.is_active = active
    row.save(update_fields=["is_active"])


@transaction.atomic
def set_administrator(user: User, administrator: bool, *, by: User) -> None:
    """Raises `ValidationError`."""
    row = _changeable(user, by, keeps_administering=administrator)
    row.is_superuser = row.is_staff = administrator
    row.save(update_fields=["is_superuser", "is_staff"])


@transaction.atomic
def set_password(user: User, password: str, *, by: User) -> None:
    """Raises `ValidationError` for one's own, which takes the old password."""
    _require_another(user, by)
    row = User.objects.select_for_update().get(pk=user.pk)
    row.set_password(password)
    row.save(update_fields=["password"])


def remove_second_factor(user: User, *, by: User) -> None:
    """Raises `ValidationError` for one's own, which takes a code."""
    _require_another(user, by)
    second_factor.remove(user, by=by)


@transaction.atomic
def remove(user: User, *, heir: User | None, removes_repositories: bool, by: User) -> None:
    """Remove a user, after their repositories have been handed over or removed. Raises
    `ValidationError` if neither was chosen and they have some."""
    row = _changeable(user, by, keeps_administering=False)
    if heir is not None:
        departure.hand_over(row, heir, by=by)
    elif removes_repositories:
        departure.remove_repositories(row, by=by)
    elif row.repositories.exists():
        raise ValidationError("Choose what happens to the repositories.")
    row.delete()


def _changeable(user: User, by: User, *, keeps_administering: bool) -> User:
    """The locked row. Raises `ValidationError` for one's own, and for the last administrator, who
    would be one no longer. All administrators are locked, so that two of them cannot deactivate
    each other at once."""
    administrators = User.objects.filter(is_superuser=True, is_active=True).order_by("pk")
    others = [row for row in administrators.select_for_update() if row.pk != user.pk]
    _require_another(user, by)
    if not others and not keeps_administering:
        raise ValidationError(LAST_ADMINISTRATOR)
    return User.objects.select_for_update().get(pk=user.pk)


def _require_another(user: User, by: User) -> None:
    if user.pk == by.pk:
        raise ValidationError(ONESELF)

"""The provider's groups, applied to a user on each sign-in."""

from __future__ import annotations

from django.contrib.auth.models import Group, User
from django.db import transaction

from codeindex import audit
from codeindex.accounts.sign_on.rules import Claims, Rules
from codeindex.audit import Change
from codeindex.models import Membership, SignOnAdministrator

BY_SIGN_ON = "by single sign-on"

_Row = User.groups.through


@transaction.atomic
def apply(user: User, claims: Claims, rules: Rules) -> None:
    """Makes `user` a member of the teams of their groups, and an administrator if one of the groups
    does so. Takes back what an earlier sign-in granted for groups that the provider no longer
    names. What was granted by hand stays."""
    user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    wanted = rules.team_names(claims)
    made = Membership.objects.filter(row__user=user, by_sign_on=True)
    for ended in made.exclude(row__group__name__in=wanted).select_related("row__group"):
        audit.record(Change.MEMBER_REMOVED, ended.row.group.name, by=user, details=BY_SIGN_ON)
        ended.row.delete()
    present = set(user.groups.values_list("name", flat=True))
    for name in wanted:
        if name not in present:
            _join(user, name)
    if rules.administrators:
        _set_administrator(user, rules.makes_administrator(claims))


def _join(user: User, name: str) -> None:
    team, is_new = Group.objects.get_or_create(name=name)
    if is_new:
        audit.record(Change.TEAM_CREATED, name, by=user, details=BY_SIGN_ON)
    row, is_new = _Row.objects.get_or_create(group=team, user=user)
    if is_new:  # else somebody has just added the user by hand
        Membership.objects.create(row=row, by_sign_on=True)
        audit.record(Change.MEMBER_ADDED, name, by=user, details=BY_SIGN_ON)


def _set_administrator(user: User, wanted: bool) -> None:
    made = SignOnAdministrator.objects.filter(user=user)
    if wanted and not user.is_superuser:
        SignOnAdministrator.objects.get_or_create(user=user)
    elif not wanted and made.exists():
        made.delete()
    else:
        return
    user.is_superuser = user.is_staff = wanted
    user.save(update_fields=["is_superuser", "is_staff"])  # which is recorded

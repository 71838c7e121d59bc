"""Teams: administrators create them, and maintainers manage their members. A team is a group of
Django."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.contrib.auth.models import AnonymousUser, Group, User
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from codeindex import audit
from codeindex.audit import Change
from codeindex.models import Membership, Repository, Role

MOST_PEOPLE = 200
"""How many users a request may name."""

_Row = User.groups.through


@dataclass(frozen=True, slots=True)
class Member:
    name: str
    role: Role
    by_sign_on: bool


def visible_to(user: User | AnonymousUser) -> QuerySet[Group]:
    """The teams that `user` may see, by name: their own; an administrator sees all."""
    if not user.is_authenticated:
        return Group.objects.none()
    seen = Group.objects.all() if user.is_superuser else Group.objects.filter(user=user.pk)
    return seen.order_by("name")


def maintained_by(user: User | AnonymousUser) -> QuerySet[Group]:
    """The teams whose members `user` may change."""
    if user.is_superuser:
        return Group.objects.all()
    rows = Membership.objects.filter(role=Role.MAINTAINER, row__user=user.pk)
    return Group.objects.filter(pk__in=rows.values("row__group"))


def assignable(user: User, repository: Repository | None = None) -> QuerySet[Group]:
    """The teams that `user` may share a repository with, by name: those that they see. Those that
    it is shared with already can stay."""
    seen = visible_to(user).order_by()
    if repository is None:
        return seen.order_by("name")
    either = Q(pk__in=seen.values("pk")) | Q(repositories=repository)
    return Group.objects.filter(either).distinct().order_by("name")


def maintained(name: str, user: User) -> Group:
    """The team of this name. Raises `ValidationError` of the field `team` for one that `user` does
    not maintain, whether it exists or not."""
    team = maintained_by(user).filter(name=name).first()
    if team is None:
        raise ValidationError({"team": [f"You maintain no team called {name}."]})
    return team


def offered(names: Iterable[str], user: User, repository: Repository | None = None) -> list[Group]:
    """The teams of these names. Raises `ValidationError` of the field `teams` for names that are
    not among the assignable ones, whether they exist or not."""
    wanted = set(names)
    found = list(assignable(user, repository).filter(name__in=wanted))
    if missing := sorted(wanted - {team.name for team in found}):
        raise ValidationError({"teams": [f"There is no team called {', '.join(missing)}."]})
    return found


def members(team: Group) -> list[Member]:
    """Its active members, by name."""
    rows = _Row.objects.filter(group=team, user__is_active=True).order_by("user__username")
    columns = rows.values_list("user__username", "details__role", "details__by_sign_on")
    return [Member(name, Role(role or Role.MEMBER), bool(signed)) for name, role, signed in columns]


def active_users(
    names: Iterable[str], field: str, *, present: Repository | None = None
) -> list[User]:
    """The users of these names. Raises `ValidationError` of the field for names that no active user
    has. Users with whom `present` is already shared may be inactive."""
    wanted = list(dict.fromkeys(filter(None, (name.strip() for name in names))))
    if len(wanted) > MOST_PEOPLE:
        raise ValidationError({field: [f"Name at most {MOST_PEOPLE} users."]})
    accepted = Q(is_active=True)
    if present is not None:
        accepted |= Q(shared_repositories=present)
    users = User.objects.filter(accepted, username__in=wanted).distinct()
    found = {user.username: user for user in users}
    if missing := [name for name in wanted if name not in found]:
        raise ValidationError({field: [f"There is no user called {', '.join(missing)}."]})
    return list(found.values())


@transaction.atomic
def create(name: str, *, by: User | None) -> Group:
    """Raises `ValidationError` by field."""
    team = _saved(Group(name=name.strip()))
    audit.record(Change.TEAM_CREATED, team.name, by=by)
    return team


@transaction.atomic
def rename(team: Group, name: str, *, by: User | None) -> None:
    """Raises `ValidationError` by field."""
    before, team.name = team.name, name.strip()
    if before != team.name:
        _saved(team)
        audit.record(Change.TEAM_RENAMED, before, by=by, details=f"to {team.name!r}")


@transaction.atomic
def remove(team: Group, *, by: User | None) -> None:
    """Its members no longer see what was shared with them through it."""
    audit.record(Change.TEAM_REMOVED, team.name, by=by)
    team.delete()


@transaction.atomic
def set_member(team: Group, user: User, role: str, *, by: User | None) -> None:
    """Adds a member, or changes the role of one. Raises `ValidationError` by field."""
    if role not in Role.values:
        raise ValidationError({"role": [f"A role is one of {', '.join(Role.values)}."]})
    row, is_new = _Row.objects.get_or_create(group=team, user=user)
    details, _ = Membership.objects.select_for_update().get_or_create(row=row)
    if not is_new and details.role == role:
        return
    details.role = role
    details.save(update_fields=["role"])
    change = Change.MEMBER_ADDED if is_new else Change.MEMBER_CHANGED
    audit.record(change, team.name, by=by, details=f"{user.get_username()}, {role}")


@transaction.atomic
def remove_member(team: Group, user: User, *, by: User | None) -> None:
    """Ends a membership, if there is one."""
    removed, _ = _Row.objects.filter(group=team, user=user).delete()
    if removed:
        audit.record(Change.MEMBER_REMOVED, team.name, by=by, details=user.get_username())


def roles(user: User) -> Mapping[str, Role]:
    """The roles of a user, by the name of their teams."""
    rows = _Row.objects.filter(user=user).values_list("group__name", "details__role")
    return {name: Role(role or Role.MEMBER) for name, role in rows}


def _saved(team: Group) -> Group:
    team.full_clean()
    try:
        with transaction.atomic():
            team.save()
    except IntegrityError:  # another request has just used the name
        team.validate_unique()
        raise
    return team

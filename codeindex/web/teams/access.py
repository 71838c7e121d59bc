"""The team that a request names, if its user may see it or change its members."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser, Group, User
from django.core.exceptions import PermissionDenied, ValidationError
from django.shortcuts import get_object_or_404

from codeindex.accounts import teams
from codeindex.web.access import require_administrator


def visible_team(user: User | AnonymousUser, pk: int) -> Group:
    """Raises `Http404` for a hidden team as for one that does not exist."""
    return get_object_or_404(teams.visible_to(user), pk=pk)


def maintained_team(user: User, pk: int) -> Group:
    """Raises `PermissionDenied` for a member who is not a maintainer; `Http404` for others."""
    team = visible_team(user, pk)
    if not teams.maintained_by(user).filter(pk=pk).exists():
        raise PermissionDenied("Only maintainers of the team and administrators can do this.")
    return team


def administered_team(user: User, pk: int) -> Group:
    """Raises `PermissionDenied` for members who are not administrators; `Http404` for others."""
    team = visible_team(user, pk)
    require_administrator(user)
    return team


def set_member(team: Group, name: str, role: str, *, by: User) -> None:
    """Adds the user of this name or changes their role. Raises `ValidationError` by field."""
    users = teams.active_users([name], "user")
    if not users:
        raise ValidationError({"user": ["Enter a user name."]})
    teams.set_member(team, users[0], role, by=by)


def remove_member(user: User, pk: int, name: str) -> None:
    """Ends the membership of the user of this name. Members may leave by themselves."""
    is_own = name == user.get_username()
    team = visible_team(user, pk) if is_own else maintained_team(user, pk)
    member = get_object_or_404(User, groups=team, username=name)
    teams.remove_member(team, member, by=user)

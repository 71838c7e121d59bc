"""Invitations by link: created by administrators and maintainers of teams, and each used once."""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.contrib.auth.models import AnonymousUser, Group, User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from codeindex import audit
from codeindex.accounts import teams
from codeindex.audit import Change
from codeindex.models import Invitation, Membership, Role
from codeindex.models.tokens import digest

MOST_OPEN = 200
"""Of one user."""

MOST_DAYS = 30

SESSION_KEY = "invitation"
"""A session's key for the secret of the link that was opened last, which lets single sign-on create
an account."""


class InvitationRefused(Exception):
    """The link was used, expired or revoked, or it never existed."""


def may_invite(user: User | AnonymousUser) -> bool:
    return user.is_superuser or teams.maintained_by(user).exists()


def visible_to(user: User) -> QuerySet[Invitation]:
    """The open invitations that `user` may revoke, newest first: an administrator's are all of
    them, others' those to the teams that they maintain."""
    if user.is_superuser:
        return _open()
    return _open().filter(team__in=teams.maintained_by(user))


@transaction.atomic
def create(team: Group | None, role: str, *, days: int, note: str = "", by: User) -> str:
    """Creates an invitation and returns the secret of its link, which is not stored. Without a team
    it invites to this installation only. Raises `ValidationError` by field."""
    if team is None and not by.is_superuser:
        raise ValidationError({"team": ["Choose a team that you maintain."]})
    if team is not None and not teams.maintained_by(by).filter(pk=team.pk).exists():
        raise ValidationError({"team": ["You do not maintain this team."]})
    if role not in Role.values:
        raise ValidationError({"role": [f"A role is one of {', '.join(Role.values)}."]})
    if not 1 <= days <= MOST_DAYS:
        raise ValidationError({"days": [f"An invitation lasts from 1 to {MOST_DAYS} days."]})
    if _open().filter(invited_by=by).count() >= MOST_OPEN:
        reason = f"You have {MOST_OPEN} open invitations. Revoke some of them first."
        raise ValidationError({"note": [reason]})
    secret = secrets.token_urlsafe(24)
    Invitation.objects.create(
        digest=digest(secret),
        note=note.strip(),
        team=team,
        role=role,
        invited_by=by,
        expires=timezone.now() + timedelta(days=days),
    )
    audit.record(Change.INVITATION_CREATED, note.strip(), by=by, details=_target(team, role))
    return secret


@transaction.atomic
def revoke(invitation: Invitation, *, by: User) -> None:
    audit.record(Change.INVITATION_REVOKED, str(invitation), by=by)
    invitation.delete()


def find(secret: str) -> Invitation:
    """The open invitation of a link. Raises `InvitationRefused`."""
    invitation = _open().select_related("team", "invited_by").filter(digest=digest(secret)).first()
    if invitation is None:
        raise InvitationRefused
    return invitation


def was_accepted_by(user: User | AnonymousUser, secret: str) -> bool:
    accepted = Invitation.objects.filter(digest=digest(secret), accepted_by=user.pk)
    return user.is_authenticated and accepted.exists()


@transaction.atomic
def accept(secret: str, user: User) -> None:
    """Uses up an invitation, and adds `user` to its team. A maintainer stays one. Raises
    `InvitationRefused`."""
    claimed = Invitation.objects.select_for_update(of=("self",)).filter(digest=digest(secret))
    list(claimed)  # of two requests at once, the second finds it used
    invitation = find(secret)
    claimed.update(accepted=Now(), accepted_by=user)
    target = _target(invitation.team, invitation.role)
    audit.record(Change.INVITATION_ACCEPTED, str(invitation), by=user, details=target)
    team = invitation.team
    if team is not None and teams.roles(user).get(team.name) != Role.MAINTAINER:
        teams.set_member(team, user, invitation.role, by=invitation.invited_by)


@transaction.atomic
def sign_up(secret: str, user: User) -> None:
    """Saves the account of a new user who accepts an invitation. Raises `InvitationRefused`."""
    find(secret)
    user.save()
    accept(secret, user)


def _open() -> QuerySet[Invitation]:
    """Invitations that are neither used nor expired, and whose author may still invite."""
    maintained = Membership.objects.filter(
        role=Role.MAINTAINER, row__user=OuterRef("invited_by"), row__group=OuterRef("team")
    )
    return Invitation.objects.filter(
        Q(invited_by__is_superuser=True) | Exists(maintained),
        accepted=None,
        expires__gt=Now(),
        invited_by__is_active=True,
    )


def _target(team: Group | None, role: str) -> str:
    return f"team {team.name!r}, {role}" if team else "no team"

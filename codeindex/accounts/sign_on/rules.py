"""What the settings make of the provider's claims: who may sign up, and what groups mean."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings

MOST_GROUPS = 500
"""How many groups of a user are read."""

MOST_CHARACTERS = 150
"""Of a team's name. A longer one is no team's."""

LONGEST_EMAIL = 254
"""Characters. A longer address is none."""

EVERY_GROUP = "*"


@dataclass(frozen=True, slots=True)
class Claims:
    """What the provider says about a user. `email` is a verified address in lower case, or ""."""

    groups: tuple[str, ...]
    email: str

    @property
    def domain(self) -> str:
        return self.email.rpartition("@")[2]


@dataclass(frozen=True, slots=True)
class Rules:
    """`teams`: group → team; `*` stands for all other groups, and in its team for the group's name.
    Without domains and groups that may sign up, all users of the provider may."""

    teams: Mapping[str, str]
    administrators: Collection[str] = ()
    signup_domains: Collection[str] = ()
    signup_groups: Collection[str] = ()

    def team_names(self, claims: Claims) -> list[str]:
        """The teams of a user, in the order of the groups."""
        named = (self._team(group) for group in claims.groups)
        return list(dict.fromkeys(name for name in named if 0 < len(name) <= MOST_CHARACTERS))

    def _team(self, group: str) -> str:
        if group in self.teams:
            return self.teams[group]
        return self.teams.get(EVERY_GROUP, "").replace(EVERY_GROUP, group)

    def makes_administrator(self, claims: Claims) -> bool:
        return not set(self.administrators).isdisjoint(claims.groups)

    def may_sign_up(self, claims: Claims) -> bool:
        if not self.signup_domains and not self.signup_groups:
            return True
        is_in_group = not set(self.signup_groups).isdisjoint(claims.groups)
        return is_in_group or claims.domain in self.signup_domains


def from_settings() -> Rules:
    return Rules(
        teams=settings.CODEINDEX_OIDC_TEAMS,
        administrators=settings.CODEINDEX_OIDC_ADMIN_GROUPS,
        signup_domains=[domain.lower() for domain in settings.CODEINDEX_OIDC_SIGNUP_DOMAINS],
        signup_groups=settings.CODEINDEX_OIDC_SIGNUP_GROUPS,
    )


def claims(data: Mapping[str, Any]) -> Claims:
    """The claims in what allauth got from a provider: its `userinfo`, and its `id_token` for
    claims that the first lacks. A malformed claim counts as absent."""
    parts = [part for name in ("userinfo", "id_token") if isinstance(part := data.get(name), dict)]

    def claim(name: str) -> Any:
        return next((part[name] for part in parts if name in part), None)

    email = claim("email") if claim("email_verified") is True else ""
    return Claims(
        groups=tuple(_groups(claim(settings.CODEINDEX_OIDC_GROUPS_CLAIM))),
        email=email.lower() if isinstance(email, str) and len(email) <= LONGEST_EMAIL else "",
    )


def _groups(claim: object) -> Sequence[str]:
    """A list of names, or one name."""
    if isinstance(claim, str):
        return [claim]
    if not isinstance(claim, list):
        return []
    return [group for group in claim[:MOST_GROUPS] if isinstance(group, str) and group]

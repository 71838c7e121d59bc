"""Who really sees a repository, in words."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from codeindex.models import Repository, Visibility

_EVERYONE = {
    Visibility.INTERNAL: "everyone who is signed in",
    Visibility.PUBLIC: "everyone, without signing in",
}

ADMINISTRATORS = "administrators"

MOST_NAMED = 5
"""How many teams, and how many people, are named; the others are counted."""


def describe(repository: Repository) -> str:
    """Such as "alice, bob, the team backend, and administrators". Reads what
    `RepositoryQuerySet.with_audience` loads."""
    if repository.visibility in _EVERYONE:
        return _EVERYONE[Visibility(repository.visibility)]
    imported = repository.followed_import
    if imported is None:
        return _enumerated([*_named_here(repository), ADMINISTRATORS])
    host, visibility = urlsplit(imported.source.host.url).netloc, imported.source.visibility
    if not imported.are_readers_known:
        known = _enumerated([*_named_here(repository), ADMINISTRATORS])
        return f"{known}. {host} has not said lately who else may read it"
    if imported.public_at_host and visibility in _EVERYONE:
        return f"{_EVERYONE[Visibility(visibility)]}, because it is public at {host}"
    there = f"those who may read it at {host}"
    return _enumerated([*_named_here(repository), there, ADMINISTRATORS])


def _named_here(repository: Repository) -> list[str]:
    """Those with whom it was shared here."""
    owner = repository.owner.get_username()
    people = sorted({user.get_username() for user in repository.people.all()} - {owner})
    teams = sorted(team.name for team in repository.teams.all())
    title = "the team" if len(teams) == 1 else "the teams"
    return [
        owner,
        *_named(people, "person", "people"),
        *([f"{title} {_enumerated(_named(teams, 'team', 'teams'))}"] if teams else []),
    ]


def _named(names: Sequence[str], singular: str, plural: str) -> list[str]:
    rest = len(names) - MOST_NAMED
    if rest <= 0:
        return list(names)
    return [*names[:MOST_NAMED], f"{rest} more {singular if rest == 1 else plural}"]


def _enumerated(parts: Sequence[str]) -> str:
    *first, last = parts
    comma = "," if len(first) > 1 else ""
    return f"{', '.join(first)}{comma} and {last}" if first else last

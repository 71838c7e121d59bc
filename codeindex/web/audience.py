"""Who really sees a repository, in words."""

from __future__ import annotations

from collections.abc import Sequence

from codeindex.models import Repository, Visibility

MOST_NAMED = 5
"""How many teams, and how many people, are named; the others are counted."""


def describe(repository: Repository) -> str:
    """Such as "alice, bob, the team backend, and administrators". Reads `owner`, `teams` and
    `people`."""
    if repository.visibility == Visibility.PUBLIC:
        return "everyone, without signing in"
    if repository.visibility == Visibility.INTERNAL:
        return "everyone who is signed in"
    owner = repository.owner.get_username()
    people = sorted({user.get_username() for user in repository.people.all()} - {owner})
    teams = sorted(team.name for team in repository.teams.all())
    title = "the team" if len(teams) == 1 else "the teams"
    return _enumerated(
        [
            owner,
            *_named(people, "person", "people"),
            *([f"{title} {_enumerated(_named(teams, 'team', 'teams'))}"] if teams else []),
            "administrators",
        ]
    )


def _named(names: Sequence[str], singular: str, plural: str) -> list[str]:
    rest = len(names) - MOST_NAMED
    if rest <= 0:
        return list(names)
    return [*names[:MOST_NAMED], f"{rest} more {singular if rest == 1 else plural}"]


def _enumerated(parts: Sequence[str]) -> str:
    *first, last = parts
    comma = "," if len(first) > 1 else ""
    return f"{', '.join(first)}{comma} and {last}" if first else last

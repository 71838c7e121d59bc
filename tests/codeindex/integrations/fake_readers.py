"""What fake code hosts say of who may read a repository, as the real ones do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from codeindex.models import HostKind
from tests.codeindex.integrations import fake_hosts

if TYPE_CHECKING:
    from tests.codeindex.integrations.fake_hosts import Fake, Person, Repo, Team

Found = list[Any] | dict[str, Any] | int | None
"""A list, an object, a status, or nothing."""

LEVELS = {"minimal": 5, "guest": 10, "read": 20, "write": 30, "owner": 50}


def find(fake: Fake, path: str, query: dict[str, str]) -> Found:
    parts = path.strip("/").split("/")
    match fake.kind:
        case HostKind.GITHUB:
            return _github(fake, parts[2:])
        case HostKind.GITLAB:
            return _gitlab(fake, parts[2:])
        case HostKind.GITEA:
            return _gitea(fake, parts[2:], query)
    return None


def _github(fake: Fake, parts: list[str]) -> Found:
    match parts:
        case ["repos", owner, name]:
            repo = _named(fake, f"{owner}/{name}")
            return fake_hosts.github(fake.base, repo) if repo else None
        case ["repos", owner, name, "collaborators"]:
            repo = _named(fake, f"{owner}/{name}")
            return [_collaborator(person) for person in repo.readers] if repo else None
        case ["users", login]:
            person = next((each for each in _people(fake) if each.login == login), None)
            return (
                {"id": person.id, "login": login, "email": person.email or None} if person else None
            )
    return None  # fmt: skip


def _collaborator(person: Person) -> dict[str, Any]:
    """As of GET /repos/{owner}/{repo}/collaborators, version 2022-11-28."""
    return {
        "login": person.login,
        "id": person.id,
        "node_id": "MDQ6VXNlcjE=",
        "type": "User",
        "site_admin": False,
        "permissions": {
            "pull": person.role != "none",
            "triage": False,
            "push": person.role == "write",
            "maintain": False,
            "admin": False,
        },
        "role_name": person.role,
    }


def _gitlab(fake: Fake, parts: list[str]) -> Found:
    match parts:
        case ["projects", uid]:
            repo = _numbered(fake, uid)
            return fake_hosts.gitlab(fake.base, repo) if repo else None
        case ["projects", uid, "members", "all"]:
            repo = _numbered(fake, uid)
            return [_member(person) for person in repo.readers] if repo else None
        case ["users", uid]:
            person = next((each for each in _people(fake) if str(each.id) == uid), None)
            if person is None:
                return None
            told = {"id": person.id, "username": person.login, "public_email": ""}
            if fake.is_administrator:
                told |= {"email": person.email, "confirmed_at": "2026-01-01T00:00:00.000Z"}
            return told
    return None


def _member(person: Person) -> dict[str, Any]:
    """As of GET /projects/:id/members/all."""
    return {
        "id": person.id,
        "username": person.login,
        "name": person.login,
        "state": "active" if person.is_active else "blocked",
        "access_level": LEVELS[person.role],
        "expires_at": None,
        "membership_state": "active",
    }


def _gitea(fake: Fake, parts: list[str], query: dict[str, str]) -> Found:
    match parts:
        case ["repositories", uid]:
            repo = _numbered(fake, uid)
            return fake_hosts.github(fake.base, repo) if repo else None
        case ["repos", owner, name, "collaborators"]:
            repo = _named(fake, f"{owner}/{name}")
            return [_user(person) for person in repo.readers] if repo else None
        case ["repos", owner, name, "teams"]:
            repo = _named(fake, f"{owner}/{name}")
            return [_team(team) for team in repo.teams] if repo else None
        case ["teams", uid, "members"]:
            teams = (team for repo in fake.repositories for team in repo.teams)
            return [_user(each) for team in teams if str(team.id) == uid for each in team.members]
        case ["admin", "emails", "search"]:
            if not fake.is_administrator:
                return 403
            return [_email(each) for each in _people(fake) if query["q"] in each.login + each.email]
    return None


def _user(person: Person) -> dict[str, Any]:
    """As of GET /repos/{owner}/{repo}/collaborators of Gitea 1.22."""
    hidden = f"{person.login}@noreply.localhost"
    return {"id": person.id, "login": person.login, "email": hidden, "active": person.is_active}


def _team(team: Team) -> dict[str, Any]:
    units = {"repo.code": team.code, "repo.issues": "write"} if team.code else {}
    return {"id": team.id, "name": f"t{team.id}", "permission": team.permission, "units_map": units}


def _email(person: Person) -> dict[str, Any]:
    return {
        "email": person.email,
        "verified": person.is_active,
        "primary": True,
        "user_id": person.id,
        "username": person.login,
    }


def _named(fake: Fake, name: str) -> Repo | None:
    return next((repo for repo in fake.repositories if repo.name == name), None)


def _numbered(fake: Fake, uid: str) -> Repo | None:
    return next((repo for repo in fake.repositories if str(repo.id) == uid), None)


def _people(fake: Fake) -> list[Person]:
    """Everybody with an account."""
    people = [person for repo in fake.repositories for person in repo.readers]
    people += [each for repo in fake.repositories for team in repo.teams for each in team.members]
    return list({person.id: person for person in people}.values())

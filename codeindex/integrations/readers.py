"""Who may read a repository, as the REST APIs of GitHub, GitLab, Gitea and Forgejo say it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from codeindex.integrations import http
from codeindex.integrations.http import Client, Forbidden, HostError, NotFound
from codeindex.integrations.listings import LONGEST_NAME, Access
from codeindex.models import HostKind

MOST_READERS = 20_000
"""Of one repository; more are an error, and nobody reads it by them."""

LONGEST_LOGIN = 255
LONGEST_EMAIL = 254

GUEST, REPORTER = 10, 20
"""Access levels of GitLab. A guest reads the code of projects that are not private."""


@dataclass(frozen=True, slots=True)
class Account:
    """An account of a code host. `uid` stays when it is renamed."""

    uid: str
    login: str


class BadAnswer(HostError):
    """What the host says of a repository is not what was asked for."""


@dataclass(frozen=True, slots=True)
class Readers:
    """Who may read a repository: these accounts, and if it is public, everyone."""

    is_public: bool
    accounts: frozenset[Account] = frozenset()


class Directory(ABC):
    """Asks one code host. `progress` is called before each request."""

    def __init__(self, access: Access, client: Client, progress: Callable[[], object]) -> None:
        self._access = access
        self._client = client
        self._progress = progress

    def readers(self, uid: str, full_name: str, *, of_public: bool) -> Readers:
        """Of the repository with this id, whose name may have changed meanwhile; the accounts that
        read a public one only if `of_public`. Raises `HostError`."""
        details = self._details(uid, full_name)
        if str(details.get("id")) != uid:
            raise BadAnswer("The host has another repository under this name now.")
        is_public = self._is_public(details)
        if is_public and not of_public:
            return Readers(is_public)
        return Readers(is_public, frozenset(self._accounts(details)))

    @abstractmethod
    def _details(self, uid: str, full_name: str) -> dict[str, Any]:
        """What the host says of a repository."""

    @abstractmethod
    def _is_public(self, details: dict[str, Any]) -> bool:
        """Whether everyone may read its code."""

    @abstractmethod
    def _accounts(self, details: dict[str, Any]) -> Iterable[Account]:
        """Those who may read its code."""

    @abstractmethod
    def email(self, account: Account) -> str:
        """The address that the host has verified, in lower case; "" if it tells none. Raises
        `HostError`."""

    def _object(self, path: str) -> dict[str, Any]:
        answer = self._get(f"{self._access.api}{path}").json
        if not isinstance(answer, dict):
            raise BadAnswer("The host's answer is not what was asked for.")
        return answer

    def _items(self, path: str, **query: object) -> Iterator[dict[str, Any]]:
        """The items of a list, of all pages."""
        address = f"{self._access.api}{path}?{urlencode(query)}"
        count = 0
        while address:
            answer = self._get(address)
            items = answer.json
            if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
                raise BadAnswer("The host's answer is not the list that was asked for.")
            count += max(1, len(items))
            if count > MOST_READERS:
                raise BadAnswer(f"The host lists more than {MOST_READERS:,} entries.")
            yield from items
            address = answer.next
            http.check_next(address, self._access.api)

    def _get(self, url: str) -> http.Answer:
        self._progress()
        return self._client.get(url)


class _GitHub(Directory):
    def _details(self, uid: str, full_name: str) -> dict[str, Any]:
        return self._object(f"/repos/{quote(full_name)}")

    def _is_public(self, details: dict[str, Any]) -> bool:
        visibility = details.get("visibility", "public")
        return details.get("private") is False and visibility == "public"

    def _accounts(self, details: dict[str, Any]) -> Iterable[Account]:
        path = f"/repos/{quote(_full_name(details))}/collaborators"
        listed = self._items(path, affiliation="all", per_page=100)
        return (_account(item, "login") for item in listed if _may_pull(item))

    def email(self, account: Account) -> str:
        """The public address of a profile, for which GitHub offers verified addresses alone."""
        try:
            details = self._object(f"/users/{quote(account.login, safe='')}")
        except NotFound:
            return ""
        return _address(details.get("email")) if str(details.get("id")) == account.uid else ""


def _may_pull(item: dict[str, Any]) -> bool:
    permissions = item.get("permissions")
    return isinstance(permissions, dict) and permissions.get("pull") is True


def _has_access(item: dict[str, Any], least: int) -> bool:
    level = item.get("access_level")
    return item.get("state") == "active" and isinstance(level, int) and level >= least


class _GitLab(Directory):
    def _details(self, uid: str, full_name: str) -> dict[str, Any]:
        return self._object(f"/projects/{quote(uid, safe='')}")

    def _is_public(self, details: dict[str, Any]) -> bool:
        code = details.get("repository_access_level")
        return details.get("visibility") == "public" and code == "enabled"

    def _accounts(self, details: dict[str, Any]) -> Iterable[Account]:
        if details.get("repository_access_level") == "disabled":
            return ()
        is_open = details.get("visibility") in ("public", "internal")
        least = GUEST if is_open else REPORTER
        listed = self._items(f"/projects/{details['id']}/members/all", per_page=100)
        return (_account(item, "username") for item in listed if _has_access(item, least))

    def email(self, account: Account) -> str:
        """For an administrator's token the confirmed address of the account, else the public one of
        its profile, for which GitLab offers confirmed addresses alone."""
        try:
            details = self._object(f"/users/{quote(account.uid, safe='')}")
        except NotFound:
            return ""
        confirmed = _address(details.get("email")) if details.get("confirmed_at") else ""
        return confirmed or _address(details.get("public_email"))


class _Gitea(Directory):
    """Also Forgejo's."""

    def __init__(self, access: Access, client: Client, progress: Callable[[], object]) -> None:
        super().__init__(access, client, progress)
        self._teams: dict[str, frozenset[Account]] = {}
        self._tells_emails = True

    def _details(self, uid: str, full_name: str) -> dict[str, Any]:
        return self._object(f"/repositories/{quote(uid, safe='')}")

    def _is_public(self, details: dict[str, Any]) -> bool:
        owner = details.get("owner")
        is_owner_public = isinstance(owner, dict) and owner.get("visibility") == "public"
        return details.get("private") is False and is_owner_public

    def _accounts(self, details: dict[str, Any]) -> Iterable[Account]:
        path, owner = f"/repos/{quote(_full_name(details))}", details.get("owner")
        if not isinstance(owner, dict):
            raise BadAnswer("The host names no owner of the repository.")
        for item in self._items(f"{path}/collaborators", limit=50, page=1):
            yield _account(item, "login")
        if not self._is_organisation(owner):
            yield _account(owner, "login")
            return
        for team in self._items(f"{path}/teams", limit=50, page=1):
            if _reads_code(team):
                yield from self._members(team)

    def email(self, account: Account) -> str:
        """The primary address, if it is verified. Only an administrator's token sees that."""
        if not self._tells_emails:
            return ""
        query = {"q": account.login, "limit": 50, "page": 1}
        try:
            listed = list(self._items("/admin/emails/search", **query))
        except (Forbidden, NotFound):
            self._tells_emails = False
            return ""
        own = (
            item["email"]
            for item in listed
            if str(item.get("user_id")) == account.uid
            and item.get("verified") is True
            and item.get("primary") is True
        )
        return _address(next(own, None))

    def _is_organisation(self, owner: dict[str, Any]) -> bool:
        try:
            self._object(f"/orgs/{quote(str(owner.get('login')), safe='')}")
        except NotFound:
            return False
        return True

    def _members(self, team: dict[str, Any]) -> frozenset[Account]:
        uid = str(team.get("id"))
        if uid not in self._teams:
            listed = self._items(f"/teams/{quote(uid, safe='')}/members", limit=50, page=1)
            self._teams[uid] = frozenset(_account(item, "login") for item in listed)
        return self._teams[uid]


def _reads_code(team: dict[str, Any]) -> bool:
    """Whether a team of Gitea may read the code of its repositories, and not just their issues."""
    units = team.get("units_map")
    if isinstance(units, dict) and units:
        return units.get("repo.code") in ("read", "write", "admin", "owner")
    return team.get("permission") in ("read", "write", "admin", "owner")


def _full_name(details: dict[str, Any]) -> str:
    name = details.get("full_name")
    if not isinstance(name, str) or len(name) > LONGEST_NAME:
        raise BadAnswer("The host names no repository.")
    return name


def _account(item: dict[str, Any], login: str) -> Account:
    uid, name = item.get("id"), item.get(login)
    if (
        not isinstance(uid, int | str)
        or not isinstance(name, str)
        or not 0 < len(str(uid)) <= 100
        or not 0 < len(name) <= LONGEST_LOGIN
        or not (str(uid) + name).isprintable()
    ):
        raise BadAnswer("The host lists an account without an id or a name.")
    return Account(str(uid), name)


def _address(email: object) -> str:
    """In lower case; "" for what is none."""
    if not isinstance(email, str) or len(email) > LONGEST_EMAIL or not email.isprintable():
        return ""
    return email.lower() if "@" in email else ""


DIRECTORIES: dict[HostKind, type[Directory]] = {
    HostKind.GITHUB: _GitHub,
    HostKind.GITLAB: _GitLab,
    HostKind.GITEA: _Gitea,
}
"""Bitbucket tells no e-mail addresses, and signs nobody in here."""

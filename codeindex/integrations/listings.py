"""The repositories of an organisation, group or user, as the REST APIs of code hosts list them."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from codeindex.integrations import http
from codeindex.integrations.http import Client, HostError, NotFound
from codeindex.models import HostKind

MOST_PAGES = 1_000
MOST_TOPICS = 100
LONGEST_NAME = 300
LONGEST_URL = 2_048

WEB_SCHEMES = ("https", "http")

GIT_USERS = {
    HostKind.GITHUB: "x-access-token",
    HostKind.GITLAB: "oauth2",
    HostKind.GITEA: "oauth2",
    HostKind.BITBUCKET: "x-token-auth",
    HostKind.BITBUCKET_SERVER: "x-token-auth",
}
"""The user name that git gives beside a token."""


@dataclass(frozen=True, slots=True)
class Access:
    """How a code host is asked: its kind and web address, and the token ("" for none)."""

    kind: HostKind
    url: str
    token: str = ""
    username: str = ""

    @property
    def api(self) -> str:
        """The address of its REST API."""
        public = {
            "github.com": "https://api.github.com",
            "bitbucket.org": "https://api.bitbucket.org/2.0",
        }
        paths = {
            HostKind.GITHUB: "/api/v3",
            HostKind.GITLAB: "/api/v4",
            HostKind.GITEA: "/api/v1",
            HostKind.BITBUCKET: "/2.0",
            HostKind.BITBUCKET_SERVER: "/rest/api/1.0",
        }  # fmt: skip
        return public.get(urlsplit(self.url).hostname or "", f"{self.url}{paths[self.kind]}")

    @property
    def headers(self) -> dict[str, str]:
        if not self.token:
            return {}
        if self.username and self.kind != HostKind.BITBUCKET_SERVER:
            basic = b64encode(f"{self.username}:{self.token}".encode()).decode()
            return {"Authorization": f"Basic {basic}"}
        scheme = "token" if self.kind == HostKind.GITEA else "Bearer"
        return {"Authorization": f"{scheme} {self.token}"}

    @property
    def credential(self) -> str:
        """What git signs in with."""
        if not self.token:
            return ""
        return f"{self._git_user}:{self.token}"

    @property
    def _git_user(self) -> str:
        if not self.username:
            return GIT_USERS[self.kind]
        if self.kind == HostKind.BITBUCKET_SERVER:
            return self.username
        # Atlassian's API tokens belong to a user, and git needs this name beside them.
        return "x-bitbucket-api-token-auth"


@dataclass(frozen=True, slots=True)
class Listed:
    """A repository as its host lists it. `id` stays when it is renamed."""

    id: str
    full_name: str
    clone_url: str
    archived: bool = False
    fork: bool = False
    topics: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        return self.full_name.rpartition("/")[2]


def repositories(access: Access, namespace: str, client: Client) -> Iterator[list[Listed]]:
    """Pages of all repositories of a namespace. Raises `HostError`, also where there are more than
    `MOST_PAGES` pages."""
    page = _LISTERS[access.kind](access, namespace, client)
    for _ in range(MOST_PAGES):
        listed, following = page
        yield listed
        if not following:
            return
        http.check_next(following, access.api)
        page = _page(client, following, access.kind)
    raise HostError(f"The host lists more than {MOST_PAGES:,} pages.")


Page = tuple[list[Listed], str]


def _page(client: Client, url: str, kind: HostKind) -> Page:
    answer = client.get(url)
    payload = answer.json if isinstance(answer.json, dict) else {}
    if kind == HostKind.BITBUCKET:
        items, following = payload.get("values"), payload.get("next", "")
    elif kind == HostKind.BITBUCKET_SERVER:
        items, following = payload.get("values"), _following(url, payload)
    else:
        items, following = answer.json, answer.next
    if not isinstance(items, list) or not isinstance(following, str):
        raise HostError("The host's answer is not a list of repositories.")
    return [_READERS[kind](item if isinstance(item, dict) else {}) for item in items], following


def _following(url: str, payload: dict[str, Any]) -> str:
    """The next page of Bitbucket's server, which names a number instead of an address."""
    start = payload.get("nextPageStart")
    if payload.get("isLastPage") is not False:
        return ""
    if not isinstance(start, int):
        raise HostError("The host's answer is not a list of repositories.")
    return f"{url.partition('?')[0]}?{urlencode({'limit': 100, 'start': start})}"


def _github(access: Access, namespace: str, client: Client) -> Page:
    name = quote(namespace, safe="")
    account = client.get(f"{access.api}/users/{name}").json
    if isinstance(account, dict) and account.get("type") == "Organization":
        path, more = f"/orgs/{name}/repos", {"type": "all"}
    elif access.token and _is_own(access, namespace, client):
        path, more = "/user/repos", {"affiliation": "owner"}
    else:
        path, more = f"/users/{name}/repos", {"type": "owner"}
    query = urlencode({"per_page": 100, "sort": "created", "direction": "asc", **more})
    return _page(client, f"{access.api}{path}?{query}", access.kind)


def _is_own(access: Access, namespace: str, client: Client) -> bool:
    """Whether the token is that of the user: only then are private repositories listed."""
    try:
        user = client.get(f"{access.api}/user").json
    except HostError:  # an app's token has no user
        return False
    return isinstance(user, dict) and str(user.get("login")).lower() == namespace.lower()


def _gitlab(access: Access, namespace: str, client: Client) -> Page:
    name = quote(namespace, safe="")
    order = {"per_page": 100, "order_by": "id", "sort": "asc"}
    of_group = urlencode({**order, "include_subgroups": "true", "with_shared": "false"})
    group = f"{access.api}/groups/{name}/projects?{of_group}"
    user = f"{access.api}/users/{name}/projects?{urlencode(order)}"
    return _first(client, access.kind, group, user)


def _gitea(access: Access, namespace: str, client: Client) -> Page:
    name, query = quote(namespace, safe=""), urlencode({"limit": 50, "page": 1})
    organisation = f"{access.api}/orgs/{name}/repos?{query}"
    return _first(client, access.kind, organisation, f"{access.api}/users/{name}/repos?{query}")


def _bitbucket(access: Access, namespace: str, client: Client) -> Page:
    query = urlencode({"pagelen": 100, "sort": "created_on"})
    url = f"{access.api}/repositories/{quote(namespace, safe='')}?{query}"
    return _page(client, url, access.kind)


def _bitbucket_server(access: Access, namespace: str, client: Client) -> Page:
    query = urlencode({"limit": 100, "start": 0})
    url = f"{access.api}/projects/{quote(namespace, safe='~')}/repos?{query}"
    return _page(client, url, access.kind)


def _first(client: Client, kind: HostKind, group: str, user: str) -> Page:
    """The first page of a group; of the user of that name if there is no such group."""
    try:
        return _page(client, group, kind)
    except NotFound:
        return _page(client, user, kind)


def _read_github(item: dict[str, Any]) -> Listed:
    """Also Gitea's and Forgejo's."""
    return _listed(
        item.get("id"),
        item.get("full_name"),
        item.get("clone_url"),
        archived=item.get("archived") is True,
        fork=item.get("fork") is True,
        topics=item.get("topics"),
    )


def _read_gitlab(item: dict[str, Any]) -> Listed:
    return _listed(
        item.get("id"),
        item.get("path_with_namespace"),
        item.get("http_url_to_repo"),
        archived=item.get("archived") is True,
        fork=bool(item.get("forked_from_project")),
        topics=item.get("topics"),
    )


def _clone_url(item: dict[str, Any]) -> object:
    """Of Bitbucket: the one for https, or http."""
    links = item.get("links")
    clone = links.get("clone") if isinstance(links, dict) else None
    named = (link for link in (clone if isinstance(clone, list) else []) if isinstance(link, dict))
    return next((link.get("href") for link in named if link.get("name") in WEB_SCHEMES), None)


def _read_bitbucket(item: dict[str, Any]) -> Listed:
    return _listed(
        item.get("uuid"),
        item.get("full_name"),
        _clone_url(item),
        fork=bool(item.get("parent")),
    )


def _read_bitbucket_server(item: dict[str, Any]) -> Listed:
    project, slug = item.get("project"), item.get("slug")
    key = project.get("key") if isinstance(project, dict) else None
    return _listed(
        item.get("id"),
        f"{key}/{slug}" if isinstance(key, str) and isinstance(slug, str) else None,
        _clone_url(item),
        archived=item.get("archived") is True,
        fork=bool(item.get("origin")),
    )


def _listed(
    id: object,
    full_name: object,
    clone_url: object,
    *,
    archived: bool = False,
    fork: bool = False,
    topics: object = None,
) -> Listed:
    """Raises `HostError` for what lacks what a repository must have: leaving it out would let one
    that is imported seem to be gone."""
    host_id = str(id) if isinstance(id, int | str) else ""
    if not (
        0 < len(host_id) <= 100
        and isinstance(full_name, str)
        and 0 < len(full_name) <= LONGEST_NAME
        and isinstance(clone_url, str)
        and 0 < len(clone_url) <= LONGEST_URL
        and (host_id + full_name + clone_url).isprintable()
    ):
        raise HostError("The host lists a repository without an id, a name or a clone URL.")
    given = topics if isinstance(topics, list) else []
    words = {topic.lower() for topic in islice(given, MOST_TOPICS) if isinstance(topic, str)}
    return Listed(host_id, full_name, clone_url, archived, fork, frozenset(words))


_LISTERS: dict[HostKind, Callable[[Access, str, Client], Page]] = {
    HostKind.GITHUB: _github,
    HostKind.GITLAB: _gitlab,
    HostKind.GITEA: _gitea,
    HostKind.BITBUCKET: _bitbucket,
    HostKind.BITBUCKET_SERVER: _bitbucket_server,
}
_READERS: dict[HostKind, Callable[[dict[str, Any]], Listed]] = {
    HostKind.GITHUB: _read_github,
    HostKind.GITLAB: _read_gitlab,
    HostKind.GITEA: _read_github,
    HostKind.BITBUCKET: _read_bitbucket,
    HostKind.BITBUCKET_SERVER: _read_bitbucket_server,
}

"""Code hosts on loopback that list repositories as the real ones do."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from codeindex.models import HostKind
from tests import hosts
from tests.codeindex.integrations import fake_readers

Shape = Callable[[str, "Repo"], dict[str, Any]]


@dataclass(frozen=True)
class Person:
    """An account. `role` is what it may do with a repository, as the host calls it."""

    id: int
    login: str
    email: str = ""
    role: str = "read"
    is_active: bool = True


@dataclass(frozen=True)
class Team:
    """Of Gitea. `code`: its access to code alone; "" if that is its `permission`."""

    id: int
    members: Sequence[Person]
    permission: str = "read"
    code: str = ""


@dataclass
class Repo:
    id: int
    name: str
    archived: bool = False
    fork: bool = False
    topics: Sequence[str] = ()
    clone_url: str = ""
    visibility: str = "private"
    readers: Sequence[Person] = ()
    teams: Sequence[Team] = ()


def github(base: str, repo: Repo) -> dict[str, Any]:
    """As of GET /orgs/{org}/repos, version 2022-11-28; Gitea's is alike."""
    name = repo.name.rpartition("/")[2]
    return {
        "id": repo.id,
        "node_id": "MDEwOlJlcG9zaXRvcnkx",
        "name": name,
        "full_name": repo.name,
        "private": repo.visibility != "public",
        "owner": {
            "id": 900,
            "login": repo.name.partition("/")[0],
            "type": "Organization",
            "visibility": "public",
        },
        "html_url": f"{base}/{repo.name}",
        "description": None,
        "fork": repo.fork,
        "clone_url": repo.clone_url or f"{base}/{repo.name}.git",
        "ssh_url": f"git@host:{repo.name}.git",
        "default_branch": "main",
        "archived": repo.archived,
        "disabled": False,
        "topics": list(repo.topics),
        "visibility": repo.visibility,
    }


def gitlab(base: str, repo: Repo) -> dict[str, Any]:
    """As of GET /groups/:id/projects."""
    return {
        "id": repo.id,
        "description": "",
        "path": repo.name.rpartition("/")[2],
        "path_with_namespace": repo.name,
        "default_branch": "main",
        "topics": list(repo.topics),
        "ssh_url_to_repo": f"git@host:{repo.name}.git",
        "http_url_to_repo": repo.clone_url or f"{base}/{repo.name}.git",
        "web_url": f"{base}/{repo.name}",
        "archived": repo.archived,
        "visibility": repo.visibility,
        "repository_access_level": "enabled",
        **({"forked_from_project": {"id": 1}} if repo.fork else {}),
    }


def bitbucket(base: str, repo: Repo) -> dict[str, Any]:
    """As of GET /2.0/repositories/{workspace}."""
    scheme, _, rest = base.partition("://")
    return {
        "type": "repository",
        "uuid": f"{{{repo.id:08d}-0000}}",
        "full_name": repo.name,
        "is_private": True,
        "slug": repo.name.rpartition("/")[2],
        "mainbranch": {"type": "branch", "name": "main"},
        "parent": {"full_name": "other/x"} if repo.fork else None,
        "links": {
            "clone": [
                {"name": "https", "href": repo.clone_url or f"{scheme}://bot@{rest}/{repo.name}.git"},
                {"name": "ssh", "href": f"git@host:{repo.name}.git"},
            ]
        },
    }  # fmt: skip


def bitbucket_server(base: str, repo: Repo) -> dict[str, Any]:
    """As of GET /rest/api/1.0/projects/{projectKey}/repos, version 8.19."""
    key, _, slug = repo.name.partition("/")
    return {
        "slug": slug,
        "id": repo.id,
        "name": slug,
        "hierarchyId": "e3c939f9ef4a7fae272e",
        "state": "AVAILABLE",
        "archived": repo.archived,
        "public": False,
        "project": {"key": key, "id": 1, "type": "NORMAL"},
        **({"origin": {"slug": "x"}} if repo.fork else {}),
        "links": {
            "clone": [
                {"name": "ssh", "href": f"ssh://git@host:7999/{repo.name}.git"},
                {"name": "http", "href": repo.clone_url or f"{base}/{repo.name}.git"},
            ],
            "self": [{"href": f"{base}/projects/{key}/repos/{slug}/browse"}],
        },
    }


SHAPES: Mapping[HostKind, Shape] = {
    HostKind.GITLAB: gitlab,
    HostKind.BITBUCKET: bitbucket,
    HostKind.BITBUCKET_SERVER: bitbucket_server,
}


@dataclass
class Fake:
    """A host of one kind, with the repositories of organisations and users."""

    kind: HostKind
    organisations: dict[str, list[Repo]] = field(default_factory=dict)
    users: dict[str, list[Repo]] = field(default_factory=dict)
    tokens: Mapping[str, str] = field(default_factory=dict)
    """Authorization → the user whose token it is."""

    failing: Callable[[BaseHTTPRequestHandler], bool] = lambda _: False
    """Answers instead, and says whether it has."""

    is_administrator: bool = True
    """Whether tokens are those of an administrator."""

    page_size: int = 0
    base: str = ""
    asked: list[str] = field(default_factory=list)

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        if self.failing(request):
            return
        parts = urlsplit(request.path)
        self.asked.append(request.path)
        if self.tokens and request.headers["Authorization"] not in self.tokens:
            return send(request, 401, {"message": "Bad credentials"})
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        found = self._find(parts.path, request.headers["Authorization"] or "")
        if found is None:
            found = fake_readers.find(self, parts.path, query)
        if isinstance(found, int):
            return send(request, found, {"message": "Forbidden"})
        if found is None:
            return send(request, 404, {"message": "Not Found"})
        if isinstance(found, dict):
            return send(request, 200, found)
        self._send_page(request, parts.path, query, found)

    def _find(self, path: str, authorization: str) -> list[Any] | dict[str, Any] | int | None:
        match (self.kind, *path.strip("/").split("/")):
            case (HostKind.GITHUB, "api", "v3", "user"):
                return {"login": self.tokens.get(authorization, "nobody")}
            case (HostKind.GITHUB, "api", "v3", "users", name):
                if name in self.organisations:
                    return {"login": name, "type": "Organization"}
                return {"login": name, "type": "User"} if name in self.users else None
            case (HostKind.GITEA, "api", "v1", "orgs", name):
                return {"username": name} if name in self.organisations else None
            case (HostKind.GITHUB, "api", "v3", "user", "repos"):
                return self.users[self.tokens[authorization]]
            case (HostKind.GITHUB, "api", "v3", "orgs", name, "repos"):
                return self.organisations.get(name)
            case (HostKind.GITHUB, "api", "v3", "users", name, "repos"):
                return self.users.get(name)
            case (HostKind.GITLAB, "api", "v4", "groups", name, "projects"):
                return self.organisations.get(unquote(name))
            case (HostKind.GITLAB, "api", "v4", "users", name, "projects"):
                return self.users.get(name)
            case (HostKind.GITEA, "api", "v1", "orgs", name, "repos"):
                return self.organisations.get(name)
            case (HostKind.GITEA, "api", "v1", "users", name, "repos"):
                return self.users.get(name)
            case (HostKind.BITBUCKET, "2.0", "repositories", name):
                return self.organisations.get(name)
            case (HostKind.BITBUCKET_SERVER, "rest", "api", "1.0", "projects", name, "repos"):
                return self.organisations.get(name)
            case _:
                return None

    @property
    def repositories(self) -> list[Repo]:
        return [repo for owned in (self.organisations | self.users).values() for repo in owned]

    def _send_page(
        self, request: BaseHTTPRequestHandler, path: str, query: dict[str, str], all_: list[Any]
    ) -> None:
        size = int(query.get("per_page") or query.get("limit") or query.get("pagelen") or 30)
        size = self.page_size or size
        page = int(query.get("page", 1))
        shape = SHAPES.get(self.kind, github)
        if self.kind == HostKind.BITBUCKET_SERVER:
            start = int(query["start"])
            items = [shape(self.base, repo) for repo in all_[start : start + size]]
            is_last = start + size >= len(all_)
            more_pages = {} if is_last else {"nextPageStart": start + size}
            return send(request, 200, {"values": items, "isLastPage": is_last, **more_pages})
        items = [
            shape(self.base, item) if isinstance(item, Repo) else item
            for item in all_[(page - 1) * size : page * size]
        ]
        more = f"&per_page={size}" if "per_page" in query else ""
        following = f"{self.base}{path}?page={page + 1}{more}" if page * size < len(all_) else ""
        if self.kind == HostKind.BITBUCKET:
            body = {"values": items, "pagelen": size, "page": page}
            return send(request, 200, body | ({"next": following} if following else {}))
        links = {"Link": f'<{following}>; rel="next"'} if following else {}
        send(request, 200, items, links)


def send(
    request: BaseHTTPRequestHandler,
    status: int,
    body: object,
    headers: Mapping[str, str] | None = None,
) -> None:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    request.send_response(status)
    given = {"Content-Type": "application/json; charset=utf-8", **(headers or {})}
    for name, value in given.items():
        request.send_header(name, value)
    request.send_header("Content-Length", str(len(content)))
    request.end_headers()
    request.wfile.write(content)


@contextmanager
def serving(fake: Fake, address: str = "127.0.0.2") -> Iterator[Fake]:
    with hosts.serving(fake.answer, address) as host:
        fake.base = host.url
        yield fake

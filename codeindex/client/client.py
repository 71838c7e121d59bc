"""The client: one method for each thing that the server does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import quote, urlsplit

import httpx

from codeindex.client import errors
from codeindex.client.answers import (
    Answer,
    CheckedNames,
    DoubtfulNames,
    File,
    LinesAnswer,
    Place,
    Repository,
    Run,
)

TIMEOUT_SECONDS = 30.0
"""For a response; the server ends a search after ten seconds itself."""

CONNECT_SECONDS = 5.0
API = "/api/v1/"
MOST_PAGES = 1_000
"""Of a list."""

Value = TypeVar("Value")
Parameters = Mapping[str, str | int | Sequence[str] | None]
"""Those that are None or empty are not sent: the server has the defaults."""


class Client:
    """A connection to one server. Its methods raise `ClientError`.

    `token` is one from your account's page; without one you can find what is public. `timeout` is
    in seconds. `headers` are sent with each request; `auth` and `transport` are httpx's."""

    def __init__(
        self,
        url: str,
        token: str = "",
        *,
        timeout: float = TIMEOUT_SECONDS,
        headers: Mapping[str, str] | None = None,
        auth: httpx.Auth | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.url = url.rstrip("/")
        # `Bearer` is understood only by newer servers: older ones answer as to an anonymous visitor
        signed = {"Authorization": f"Token {token}"} if token else {}
        self._http = httpx.Client(
            base_url=self.url + API,
            headers={"Accept": "application/json", **(headers or {}), **signed},
            timeout=httpx.Timeout(timeout, connect=CONNECT_SECONDS),
            auth=auth,
            transport=transport,
            # Without TLS there is no certificate to verify, and authorities take long to load
            verify=urlsplit(self.url).scheme != "http",
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    # Finding

    def search(
        self,
        query: str,
        *,
        repo: Sequence[str] = (),
        rev: Sequence[str] = (),
        path: Sequence[str] = (),
        lang: Sequence[str] = (),
        kind: Sequence[str] = (),
        label: Sequence[str] = (),
        limit: int | None = None,
        order: str | None = None,
        group: str | None = None,
        balance: str | None = None,
        cursor: str | None = None,
    ) -> Answer:
        """Definitions by a description, a question, a name or code. The parameters are those of
        `GET /search` in docs/api.md; a filter that begins with `-` excludes. `cursor` is the
        `next` of an answer."""
        filters = {
            "repo": repo,
            "rev": rev,
            "path": path,
            "lang": lang,
            "kind": kind,
            "label": label,
        }
        choices = {
            "limit": limit,
            "order": order,
            "group": group,
            "balance": balance,
            "cursor": cursor,
        }
        return self._get("search", {"q": query, **filters, **choices}, Answer.read)

    def lines(
        self,
        query: str,
        *,
        mode: str | None = None,
        case: str | None = None,
        word: str | None = None,
        repo: Sequence[str] = (),
        rev: Sequence[str] = (),
        path: Sequence[str] = (),
        lang: Sequence[str] = (),
        label: Sequence[str] = (),
        limit: int | None = None,
        after: str | None = None,
    ) -> LinesAnswer:
        """Lines by exact text or a regular expression, as `GET /lines` in docs/api.md. To have all,
        ask again with `after` until the answer's `next` is None, even if it has no files."""
        choices = {"mode": mode, "case": case, "word": word, "limit": limit, "after": after}
        filters = {"repo": repo, "rev": rev, "path": path, "lang": lang, "label": label}
        return self._get("lines", {"q": query, **choices, **filters}, LinesAnswer.read)

    def similar(
        self,
        code: str,
        lang: str | None = None,
        *,
        repo: Sequence[str] = (),
        by: str | None = None,
        limit: int | None = None,
    ) -> Answer:
        """The definitions that are most similar to code of at most 2,000 characters. `by` is both,
        meaning or structure."""
        parameters = {"code": code, "lang": lang, "repo": repo, "by": by, "limit": limit}
        return self._get("similar", parameters, Answer.read)

    def similar_to(
        self,
        place: Place,
        *,
        repo: Sequence[str] = (),
        by: str | None = None,
        limit: int | None = None,
    ) -> Answer:
        """The definitions that are most similar to one that was found."""
        page = urlsplit(place.url).path.strip("/")
        parameters = {"repo": repo, "by": by, "limit": limit}
        return self._get(f"{page}/similar", parameters, Answer.read)

    def read(self, repo: str, path: str, *, ref: str = "", lines: str = "") -> File:
        """A file, or some of its lines (`10-40`, `10` or `10-`): as it is indexed, or on a branch
        or at a commit. Raises `Gone` for one that has changed since that commit."""
        return self._get(
            "files", {"repo": repo, "path": path, "ref": ref, "lines": lines}, File.read
        )

    # Names

    def doubtful_names(
        self,
        repository_id: str,
        *,
        folder: str = "",
        language: str = "",
        kind: str = "",
        limit: int | None = None,
        cursor: str | None = None,
    ) -> DoubtfulNames:
        """The functions of a repository whose names are in doubt, the most doubtful first. `cursor`
        is the `next` of an answer."""
        path = f"repositories/{quote(repository_id, safe='')}/doubtful-names"
        filters = {"folder": folder, "language": language, "kind": kind}
        page = {"limit": limit, "cursor": cursor}
        return self._get(path, {**filters, **page}, DoubtfulNames.read)

    def check_names(
        self,
        path: str,
        content: str,
        lines: Sequence[tuple[int, int]],
        *,
        repo: str = "",
        from_line: int = 1,
    ) -> CheckedNames:
        """Judges the names of the functions in a file to which some of the `lines` belong, from the
        first to the last one of each. What is dismissed in `repo` is left out. `from_line` is the
        `next_line` of an answer."""
        body = {
            "path": path,
            "content": content,
            "lines": [{"first": first, "last": last} for first, last in lines],
            "repository": repo,
            "from_line": from_line,
        }
        return self._post("names/check", body, lambda data: CheckedNames.read_for(path, data))

    # Repositories

    def repositories(self) -> list[Repository]:
        """Those that you may see, by name."""
        rows: list[Repository] = []
        cursor: str | None = None
        for _ in range(MOST_PAGES):
            page = self._respond("GET", "repositories", params={"cursor": cursor} if cursor else {})
            rows += self._read(page, Repository.read_all)
            cursor = httpx.URL(page.links.get("next", {}).get("url", "")).params.get("cursor")
            if not cursor:
                break
        return rows

    def repository(self, repository_id: str) -> Repository:
        return self._get(f"repositories/{quote(repository_id, safe='')}", {}, Repository.read)

    def register(
        self,
        url: str,
        *,
        name: str = "",
        branch: str = "",
        deploy_key: str = "",
        visibility: str = "private",
    ) -> Repository:
        """Registers a repository and asks for its first index run."""
        body = {
            "url": url,
            "name": name,
            "branch": branch,
            "deploy_key": deploy_key,
            "visibility": visibility,
        }
        return self._post("repositories", body, Repository.read)

    def index(self, repository_id: str) -> Run:
        """Asks for an index run of the current commit. Returns the one in progress, if there is
        one."""
        return self._post(f"repositories/{quote(repository_id, safe='')}/runs", None, Run.read)

    def index_matching(
        self,
        repository_id: str,
        *,
        branches: Sequence[str] = (),
        tags: Sequence[str] = (),
        newest: int | None = None,
    ) -> None:
        """Index the branches and tags that match these patterns, too, now and later: those that are
        the newest by their names. Those that are indexed by name stay; other patterns go."""
        path = f"repositories/{quote(repository_id, safe='')}/settings"
        changes: dict[str, object] = {"tags": list(tags)} if tags else {}
        if branches:
            present = self._get(path, {}, lambda settings: list[str](settings["branches"]))
            named = [name for name in present if not set("*?[") & set(name)]
            changes["branches"] = [*named, *branches]
        if newest is not None:
            changes["newest"] = newest
        self._request("PATCH", path, lambda settings: settings, json=changes)

    # Requests

    def get(self, path: str, parameters: Parameters) -> Any:
        """The JSON of an address below `/api/v1/`, for what has no method."""
        return self._get(path, parameters, lambda answer: answer)

    def _get(self, path: str, parameters: Parameters, read: Callable[[Any], Value]) -> Value:
        given = {
            name: value for name, value in parameters.items() if value not in (None, "", (), [])
        }
        return self._request("GET", path, read, params=given)

    def _post(self, path: str, body: object, read: Callable[[Any], Value]) -> Value:
        return self._request("POST", path, read, json=body)

    def send_message(self, message: object, headers: Mapping[str, str]) -> Any:
        """What the door for agents answers to a message of the Model Context Protocol; None if it
        is one without an answer. Errors of the protocol are answers."""
        own = {"Accept": "application/json, text/event-stream", **headers}
        response = self._send("POST", f"{self.url}/mcp", json=message, headers=own)
        answer = _message(response)
        if answer is None and not response.is_success:
            raise errors.refused(response)
        return answer

    def _request(
        self, method: str, path: str, read: Callable[[Any], Value], **content: Any
    ) -> Value:
        return self._read(self._respond(method, path, **content), read)

    def _respond(self, method: str, path: str, **content: Any) -> httpx.Response:
        response = self._send(method, path, **content)
        if not response.is_success:
            raise errors.refused(response)
        return response

    def _send(self, method: str, path: str, **content: Any) -> httpx.Response:
        try:
            return self._http.request(method, path, **content)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise errors.unreachable(self.url, error) from error

    def _read(self, response: httpx.Response, read: Callable[[Any], Value]) -> Value:
        try:
            return read(response.json())
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise errors.not_codeindex(self.url, response) from error


def _message(response: httpx.Response) -> Any:
    """The message of JSON-RPC in a response; None if there is none."""
    try:
        body = response.json()
    except ValueError:
        return None
    return body if isinstance(body, dict) and body.get("jsonrpc") == "2.0" else None

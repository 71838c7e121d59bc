"""What code hosts say of a push: GitHub, GitLab, Gitea and Forgejo, Bitbucket."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any
from urllib.parse import parse_qs, urlsplit

from codeindex.models import host_path

MOST_CHANGES = 1_000
"""References that one push may name."""

LONGEST = 2_048
"""Characters of an address or a name."""

FORM = "application/x-www-form-urlencoded"
BRANCH, TAG = "refs/heads/", "refs/tags/"


class Malformed(ValueError):
    """The body is not what a host sends; the message says why."""


@dataclass(frozen=True, slots=True)
class Push:
    """A push: by which addresses its repository is cloned (`codeindex.models.host_path`), which
    branches and tags it changed, and which one is the default branch ("" if that is not said)."""

    addresses: frozenset[str]
    branches: frozenset[str]
    tags: frozenset[str] = frozenset()
    default: str = ""


def parse(headers: Mapping[str, str], body: bytes) -> Push | None:
    """The push that a request tells of; None if it tells of something else. The names of `headers`
    are in lower case. Raises `Malformed`."""
    payload = _payload(headers, body)
    match _event(headers):
        case "push" | "Push Hook" | "Tag Push Hook":
            return _gitlab(payload) if "project" in payload else _github(payload)
        case "System Hook" if payload.get("event_name") in ("push", "tag_push"):
            return _gitlab(payload)
        case "repo:push":
            return _bitbucket(payload)
        case "repo:refs_changed":
            return _bitbucket_server(payload)
        case _:
            return None


def _event(headers: Mapping[str, str]) -> str:
    # Gitea and Forgejo also send GitHub's header.
    names = ("x-github-event", "x-gitea-event", "x-forgejo-event", "x-gogs-event",
             "x-gitlab-event", "x-event-key")  # fmt: skip
    return next((headers[name] for name in names if name in headers), "")


def _payload(headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    try:
        if headers.get("content-type", "").partition(";")[0].strip().lower() == FORM:
            (text,) = parse_qs(body.decode(), max_num_fields=10)["payload"]
        else:
            text = body.decode()
        payload = json.loads(text)
    except (ValueError, KeyError, RecursionError) as error:
        raise Malformed("The body is not JSON in UTF-8.") from error
    if not isinstance(payload, dict):
        raise Malformed("The body is not a JSON object.")
    return payload


def _github(payload: dict[str, Any]) -> Push:
    """Also Gitea's, Forgejo's and Gogs'."""
    repository = _part(payload, "repository")
    names = ("clone_url", "ssh_url", "git_url", "html_url")
    return Push(
        _addresses(_text(repository, name) for name in names),
        *_names([_text(payload, "ref")]),
        _text(repository, "default_branch"),
    )


def _gitlab(payload: dict[str, Any]) -> Push:
    project = _part(payload, "project")
    names = ("git_http_url", "git_ssh_url", "web_url")
    return Push(
        _addresses(_text(project, name) for name in names),
        *_names([_text(payload, "ref")]),
        _text(project, "default_branch"),
    )


def _bitbucket(payload: dict[str, Any]) -> Push:
    changes = list(_parts(_part(payload, "push"), "changes"))
    # Of what was deleted there is only the old one.
    changed = [_part(change, side) for change in changes for side in ("new", "old")]

    def names(kind: str) -> frozenset[str]:
        return frozenset(_text(each, "name") for each in changed if _text(each, "type") == kind)

    addresses = _addresses([_text(_part(payload, "repository"), "links", "html", "href")])
    return Push(addresses, names("branch"), names("tag"))


def _bitbucket_server(payload: dict[str, Any]) -> Push:
    links = _part(_part(payload, "repository"), "links")
    hrefs = (_text(link, "href") for kind in ("clone", "self") for link in _parts(links, kind))
    return Push(
        _addresses(address for href in hrefs for address in (href, *_clone_urls(href))),
        *_names([_text(change, "ref", "id") for change in _parts(payload, "changes")]),
    )


def _clone_urls(page: str) -> Iterator[str]:
    """The addresses from which Bitbucket's server clones what it shows on a page
    `…/projects/KEY/repos/NAME/browse`, by http and by ssh."""
    before, separator, after = page.partition("/projects/")
    match after.split("/"):
        case [key, "repos", name, *_] if separator:
            yield f"{before}/scm/{key}/{name}"
            try:
                yield f"{urlsplit(before).hostname}/{key}/{name}"
            except ValueError:
                return


def _addresses(urls: Iterable[str]) -> frozenset[str]:
    return frozenset(host_path(url) for url in urls if url)


def _names(references: Collection[str]) -> tuple[frozenset[str], frozenset[str]]:
    """The names of the branches, and of the tags."""

    def within(folder: str) -> frozenset[str]:
        inside = (each for each in references if each.startswith(folder))
        return frozenset(each.removeprefix(folder) for each in inside)

    return within(BRANCH), within(TAG)


def _part(value: object, name: str) -> dict[str, Any]:
    """The object of this name within another; empty if there is none."""
    part = value.get(name) if isinstance(value, dict) else None
    return part if isinstance(part, dict) else {}


def _parts(value: dict[str, Any], name: str) -> Iterator[object]:
    parts = value.get(name)
    return islice(parts if isinstance(parts, list) else (), MOST_CHANGES)


def _text(value: object, *names: str) -> str:
    """The text at the end of these names; "" if it is missing or can be no address or name."""
    *outer, last = names
    for name in outer:
        value = _part(value, name)
    text = value.get(last) if isinstance(value, dict) else None
    return text if isinstance(text, str) and len(text) <= LONGEST and text.isprintable() else ""

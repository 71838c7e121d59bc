"""All pages that there are, by the URL configuration, so that a new one cannot be forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.browser.organisation import Organisation

NOT_PAGES = {
    "sign-in-link": "its texts are signed",
    "admin-costs-export": "a file",
    "audit-export": "a file",
    "quality-names-export": "a file",
    "progress": "a part of a repository's page",
    "repository-access": "a section of the settings",
    "repository-source": "a section of the settings",
    "rules": "a section of the settings",
    "map-place": "for the map's script",
    "map-hits": "for the map's script",
    "sign-on": "leads to the provider",
    "sign-on-callback": "for the provider",
    "oauth-authorize": "asked by an application: see the tests",
}
"""Routes without a page of their own, beside the API and the admin site, and what they are."""

ASKED: dict[str, tuple[dict[str, str], ...]] = {
    "search": ({"q": "retry"}, {"q": "nothing lang:java"}, {"q": "kind:no"}),
    "lines": ({"q": "pause"}, {"q": "nothing has this text"}),
    "similar-to-code": ({"code": "def retry(call): return call()"},),
    "why": ({"q": "retry"},),
    "repositories": ({"q": "nothing"},),
    "quality-names": ({"repository": "alice/toolbox"},),
}
"""What is asked of a page besides nothing, by the route's name."""

ADMIN = ("admin:index", "admin:codeindex_repository_changelist", "admin:auth_user_changelist")
"""Pages of Django's own, as samples."""


def addresses(made: Organisation) -> Iterator[tuple[str, str]]:
    """Name and address of every page that answers an administrator, and of one that says that there
    is none. The name is the route's, with what is asked."""
    client = Client(SERVER_NAME="localhost")
    client.force_login(User.objects.get(username="root"))
    for name, parameters in _routes(get_resolver()):
        is_other = name.startswith(("api-", "admin:")) and name != "api-docs"
        if is_other or name in NOT_PAGES:
            continue
        address = reverse(name, kwargs=_values(parameters, made))
        answer = client.get(address)
        if answer.status_code in (HTTPStatus.FOUND, HTTPStatus.METHOD_NOT_ALLOWED):
            continue
        assert answer.status_code == HTTPStatus.OK, f"{name}: {answer.status_code} for {address}"
        if not answer["Content-Type"].startswith("text/html"):
            continue
        yield name, address
        for asked in ASKED.get(name, ()):
            yield f"{name}, {' '.join(asked.values())}", f"{address}?{urlencode(asked)}"
    yield "folder", reverse("address", args=[f"{made.toolbox.full_name}/"])
    yield "code", reverse("address", args=[f"{made.toolbox.full_name}/toolbox/retries.py"])
    yield from ((name, reverse(name)) for name in ADMIN)
    yield "not found", "/there/is/none"


def _values(parameters: dict[str, str], made: Organisation) -> dict[str, int | str]:
    """A row or a text for each parameter of a route."""
    return {name: made.rows[kind or name] for name, kind in parameters.items()}


def _routes(resolver: URLResolver, space: str = "", above: Any = ()) -> Iterator[Any]:
    """Name and parameters of each route; the kind of row of each parameter, or ""."""
    for pattern in resolver.url_patterns:
        converters = dict(above) | dict(pattern.pattern.converters)
        if isinstance(pattern, URLResolver):
            inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
            yield from _routes(pattern, inner, converters)
        elif isinstance(pattern, URLPattern):
            yield (
                f"{space}{pattern.name}",
                {name: getattr(each, "row", "") for name, each in converters.items()},
            )

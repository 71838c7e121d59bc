"""What a stranger, a teammate, a maintainer of a team and an anonymous visitor see and may do, on
every route: a route or a method that nobody has classified here fails."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from codeindex.accounts import teams
from codeindex.integrations import imports, outgoing, push_webhooks
from codeindex.integrations.imports import Filters
from codeindex.models import Evaluation, IndexRun, Invitation, Role
from codeindex.models.tokens import digest
from codeindex.searches import saved
from tests import shelf
from tests.shelf import Written

pytestmark = pytest.mark.django_db

SECRET = "open-invitation"

WITH_PROVIDER = "tests.sign_on_urls"
"""The routes of an installation with single sign-on."""

PEOPLE = ("anonymous", "stranger", "teammate", "maintainer", "owner", "administrator")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

OPEN = ("ok",) * 6
"""Anyone gets an answer, which holds only what they may see."""

ACCOUNT = ("sign in", "ok", "ok", "ok", "ok", "ok")
"""Whoever is signed in."""

SEEN = (404, 404, "ok", "ok", "ok", "ok")
"""Whoever may see the private repository that its address names."""

MANAGED = ("sign in", 404, 403, "ok", "ok", "ok")
"""Whoever manages that repository."""

MANAGED_API = (404, 404, 403, "ok", "ok", "ok")
"""The same, where a stranger who has not signed in reads over REST."""

MEMBERS = ("sign in", 404, "ok", "ok", "ok", "ok")
"""The members of the team that the address names, and administrators."""

MEMBERS_API = (404, 404, "ok", "ok", "ok", "ok")

MAINTAINED = ("sign in", 404, 403, "ok", 403, "ok")
"""The maintainers of that team, of which the repository's owner is a plain member."""

ADMINISTERED = ("sign in", 404, 403, 403, 403, "ok")
"""Administrators alone; members may know of the team."""

OWNED = ("sign in", 404, 404, 404, "ok", "ok")
"""Whoever owns the row that the address names."""

KEPT = ("sign in", 404, 404, 404, "ok", 404)
"""Whoever keeps the row that the address names; administrators do not see it."""

INVITING = ("sign in", 403, 403, "ok", 403, "ok")
"""Whoever maintains a team, and administrators."""

REVOKING = ("sign in", 404, 404, "ok", 404, "ok")
"""The maintainers of the invitation's team, and administrators."""

ADMINISTRATORS = ("sign in", 403, 403, 403, 403, "ok")

ROUTES: dict[str, dict[str, tuple[str | int, ...]]] = {
    "health": dict.fromkeys(("GET",), OPEN),
    # Search
    "search": {"GET": OPEN},
    "lines": {"GET": OPEN},
    "map": {"GET": OPEN},
    "map-points": {"GET": OPEN},
    "map-place": {"GET": OPEN},
    "map-hits": {"GET": OPEN},
    "similar-to-code": {"GET": OPEN},
    "searches": {"GET": ACCOUNT, "POST": ACCOUNT},
    "clear-recent-searches": {"POST": ACCOUNT},
    "change-alerts": {"POST": KEPT},
    "remove-search": {"POST": KEPT},
    "api-recent": {"GET": ACCOUNT, "DELETE": ACCOUNT},
    "api-saved": {"GET": ACCOUNT, "POST": ACCOUNT},
    "api-saved-search": {"PATCH": KEPT, "DELETE": KEPT},
    "api-alerts": {"GET": KEPT},
    "file": {"GET": SEEN},
    "definition": {"GET": SEEN},
    "why": {"GET": SEEN},
    "attention": {"GET": SEEN},
    "history": {"GET": SEEN},
    "similar": {"GET": SEEN},
    "references": {"GET": SEEN},
    "address": {"GET": SEEN},
    "api-search": {"GET": OPEN},
    "api-file": {"GET": OPEN},
    "api-batch": {"POST": OPEN},
    "api-encode": {"POST": OPEN},
    "api-names": {"POST": OPEN},
    "api-definition": {"GET": SEEN},
    "api-explanation": {"GET": SEEN},
    "api-failures": {"GET": SEEN},
    "api-evaluations": {"GET": ADMINISTRATORS},
    "api-evaluation": {"GET": ADMINISTRATORS},
    "api-suggestions": {"GET": OPEN},
    "api-lines": {"GET": OPEN},
    "api-similar-to-code": {"GET": OPEN},
    "api-similar": {"GET": SEEN},
    "api-references": {"GET": SEEN},
    "api-callers": {"GET": SEEN},
    "api-callees": {"GET": SEEN},
    # Agents; a session signs nobody in there
    "mcp": {"POST": OPEN},
    "agents": {"GET": OPEN},
    # Repositories
    "repositories": {"GET": OPEN},
    "register": {"GET": ACCOUNT, "POST": ACCOUNT},
    "register-many": {"GET": ACCOUNT, "POST": ACCOUNT},
    "repository": {"GET": SEEN},
    "progress": {"GET": SEEN},
    "index-again": {"POST": MANAGED},
    "cancel": {"POST": MANAGED},
    "pause": {"POST": MANAGED},
    "resume": {"POST": MANAGED},
    "repository-settings": {"GET": MANAGED, "POST": MANAGED},
    "repository-access": {"GET": MANAGED, "POST": MANAGED},
    "repository-source": {"GET": MANAGED, "POST": MANAGED},
    "rules": {"GET": MANAGED, "POST": MANAGED},
    "remove": {"GET": MANAGED, "POST": MANAGED},
    "api-repositories": {"GET": OPEN, "POST": ACCOUNT},
    "api-repository": {"GET": SEEN, "DELETE": MANAGED},
    "api-settings": {"GET": MANAGED_API, "PATCH": MANAGED},
    "api-rules": {"GET": MANAGED_API, "PATCH": MANAGED},
    "api-runs": {"GET": SEEN, "POST": MANAGED},
    "api-cancel": {"POST": MANAGED},
    "api-pause": {"POST": MANAGED},
    "api-resume": {"POST": MANAGED},
    # Code hosts
    "code-hosts": {"GET": ADMINISTRATORS, "POST": ADMINISTRATORS},
    "code-host": {"GET": OWNED, "POST": OWNED},
    "change-host-token": {"POST": OWNED},
    "remove-code-host": {"POST": OWNED},
    "import": {"GET": OWNED},
    "start-import": {"POST": OWNED},
    "follow-host": {"POST": OWNED},
    "confirm-import": {"POST": OWNED},
    "remove-import": {"POST": OWNED},
    "api-code-hosts": {"GET": ACCOUNT, "POST": ADMINISTRATORS},
    "api-code-host": {"PATCH": OWNED, "DELETE": OWNED},
    "api-imports": {"GET": ACCOUNT, "POST": ACCOUNT},
    "api-import": {"GET": OWNED, "PATCH": OWNED, "DELETE": OWNED},
    "api-start-import": {"POST": OWNED},
    "api-confirm-import": {"POST": OWNED},
    "outgoing-webhooks": {"GET": ACCOUNT, "POST": ACCOUNT},
    "remove-outgoing-webhook": {"POST": OWNED},
    "api-outgoing-webhooks": {"GET": ACCOUNT, "POST": ACCOUNT},
    "api-outgoing-webhook": {"DELETE": OWNED},
    "webhooks": {"GET": ACCOUNT, "POST": ACCOUNT},
    "remove-webhook": {"POST": OWNED},
    "api-webhooks": {"GET": ACCOUNT, "POST": ACCOUNT},
    "api-webhook": {"DELETE": OWNED},
    "hook": {"POST": ("sign in",) * 6},  # a secret opens it, and nothing else
    # Teams
    "teams": {"GET": ACCOUNT, "POST": ADMINISTRATORS},
    "team": {"GET": MEMBERS},
    "set-member": {"POST": MAINTAINED},
    "remove-member": {"POST": MAINTAINED},
    "rename-team": {"GET": ADMINISTERED, "POST": ADMINISTERED},
    "remove-team": {"GET": ADMINISTERED, "POST": ADMINISTERED},
    "api-teams": {"GET": OPEN, "POST": ADMINISTRATORS},
    "api-team": {"GET": MEMBERS_API, "PATCH": ADMINISTERED, "DELETE": ADMINISTERED},
    "api-members": {"GET": MEMBERS_API, "PUT": MAINTAINED},
    "api-member": {"DELETE": MAINTAINED},
    "invitations": {"GET": INVITING, "POST": INVITING},
    "revoke-invitation": {"POST": REVOKING},
    "join": {"GET": OPEN, "POST": OPEN},
    "api-invitations": {"GET": INVITING, "POST": INVITING},
    "api-invitation": {"DELETE": REVOKING},
    # Accounts
    "account": {"GET": ACCOUNT},
    "new-token": {"POST": ACCOUNT},
    "revoke-token": {"POST": ACCOUNT},
    "revoke-grant": {"POST": ACCOUNT},
    "oauth-authorize": {"GET": ACCOUNT, "POST": ACCOUNT},
    "oauth-register": {"POST": OPEN},
    "oauth-token": {"POST": OPEN},
    "oauth-revoke": {"POST": OPEN},
    "oauth-resource": {"GET": OPEN},
    "oauth-server-resource": {"GET": OPEN},
    "oauth-server": {"GET": OPEN},
    "api-applications": {"GET": ACCOUNT},
    "api-application": {"DELETE": ("sign in", *(404,) * 5)},
    "api-tokens": {"GET": ACCOUNT, "POST": ACCOUNT},
    "api-token": {"DELETE": ("sign in", *(404,) * 5)},
    "admin-users": {"GET": ADMINISTRATORS, "POST": ADMINISTRATORS},
    "admin-user": {"GET": ADMINISTRATORS},
    "admin-change-user": {"POST": ADMINISTRATORS},
    "admin-set-password": {"POST": ADMINISTRATORS},
    "admin-remove-user": {"POST": ADMINISTRATORS},
    "admin-tokens": {"GET": ADMINISTRATORS, "POST": ADMINISTRATORS},
    "admin-spaces": {"GET": ADMINISTRATORS},
    "admin-change-space": {"POST": ADMINISTRATORS},
    "admin-workers": {"GET": ADMINISTRATORS},
    "admin-storage": {"GET": ADMINISTRATORS},
    "quality": {"GET": OPEN},
    "quality-duplicates": {"GET": OPEN},
    "quality-names": {"GET": OPEN},
    "quality-searches": {"GET": ADMINISTRATORS},
    "quality-evaluations": {"GET": ADMINISTRATORS},
    "audit": {"GET": ADMINISTRATORS},
    "audit-export": {"GET": ADMINISTRATORS},
    "api-audit": {"GET": ADMINISTRATORS},
    "api-audit-export": {"GET": ADMINISTRATORS},
    "sign-in-link": {"GET": (404,) * 6, "POST": (404,) * 6},
    "sign-on": {"GET": OPEN},
    "sign-on-connect": {"POST": ACCOUNT},
    "sign-on-callback": {"GET": (403,) * 6},
    "admin-sign-in": {"GET": ADMINISTRATORS},
    "second-factor-sign-in": {"GET": OPEN, "POST": OPEN},
    "second-factor": {"GET": ("sign in", *(403,) * 5), "POST": ("sign in", *(403,) * 5)},
    "set-up-second-factor": {"POST": ("sign in", *(403,) * 5)},
    "login": {"GET": OPEN, "POST": OPEN, "PUT": OPEN},
    "logout": {"POST": OPEN},
    "password_change": {"GET": ACCOUNT, "POST": ACCOUNT, "PUT": ACCOUNT},
    "password_change_done": {"GET": ACCOUNT},
    "api-schema": {"GET": OPEN},
    "api-docs": {"GET": OPEN},
}
"""What each person of PEOPLE gets, by the route's name and the method: "ok" is any answer beyond
the gate, be it that a form is incomplete."""

TEXTS = {
    "address": "alice/shop/load.py",
    "user": "erin",
    "beginning": "cix_00000000",
    "form": "csv",
    "signed": "x",
    "secret": SECRET,
}
"""The values of parameters that are plain strings."""


@dataclass(frozen=True)
class Route:
    name: str
    parameters: dict[str, str]
    """The kind of each parameter, by its name."""


def routes(resolver: URLResolver, namespace: str = "", above: Any = ()) -> Iterator[Route]:
    for pattern in resolver.url_patterns:
        converters = dict(above) | dict(pattern.pattern.converters)
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from routes(pattern, inner, converters)
        elif isinstance(pattern, URLPattern):
            kinds = {
                name: getattr(converter, "row", "text") for name, converter in converters.items()
            }
            yield Route(f"{namespace}{pattern.name}", kinds)


EVERY = {route.name: route for route in routes(get_resolver(WITH_PROVIDER))}
OWN = sorted(name for name in EVERY if not name.startswith("admin:"))


@pytest.fixture(autouse=True)
def provider(settings: Any) -> None:
    """One that is down."""
    settings.ROOT_URLCONF = WITH_PROVIDER
    settings.CODEINDEX_OIDC_URL = "http://127.0.0.1:1"
    settings.CODEINDEX_ADDRESS_LOGIN_RATE = "100000/minute"


@pytest.fixture(scope="module")
def database(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """One transaction for all routes, since `answer` takes back what it changes."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def people(database: None) -> dict[str, User | None]:
    names = ("charlie", "bob", "dana", "alice", "erin")
    charlie, bob, dana, alice, erin = map(User.objects.create_user, names)
    team = Group.objects.create(name="team")
    team.user_set.add(bob, alice, erin)
    teams.set_member(team, dana, Role.MAINTAINER, by=None)
    root = User.objects.create_superuser("root")
    return dict(zip(PEOPLE, (None, charlie, bob, dana, alice, root), strict=True))


@pytest.fixture(scope="module")
def sessions(people: dict[str, User | None]) -> dict[str, str]:
    """The cookie of each person."""
    return {who: _session(user) for who, user in people.items() if user}


def _session(user: User) -> str:
    client = Client()
    client.force_login(user)
    return client.cookies["sessionid"].value


@pytest.fixture(scope="module")
def rows(people: Any) -> dict[str, int]:
    alice, team = people["owner"], Group.objects.get()
    shop = shelf.repository(alice, "shop", teams=[team])
    shelf.put(shop, "load.py", Written("def load(csv): ...", "load"))
    file = shop.branches.get().source_files.get()
    definition = file.blob.definitions.get()
    run = IndexRun.objects.create(branch=shop.branches.get())
    webhook = push_webhooks.create(alice, "acme", None, by=alice).webhook
    told = outgoing.create(alice, "ci", "https://hooks.example", ["run.failed"], None, by=alice)
    host = imports.add_host(alice, kind="github", url="https://github.com")
    source = imports.add_import(host, "acme", Filters(), by=alice)
    invitation = Invitation.objects.create(
        digest=digest(SECRET),
        team=team,
        invited_by=people["maintainer"],
        expires=timezone.now() + timedelta(days=1),
    )
    search = saved.save(alice, "csv", "q=csv", alerts=True, mail=False)
    return {
        "saved_search": search.pk,
        "invitation": invitation.pk,
        "space": shelf.space().pk,
        "evaluation": Evaluation.objects.create(file="q.json", file_hash="0").pk,
        "push_webhook": webhook.pk,
        "outgoing_webhook": told.webhook.pk,
        "code_host": host.pk,
        "import": source.pk,
        "repository": shop.pk, "run": run.pk, "file": file.pk, "definition": definition.pk,
        "team": team.pk,
    }  # fmt: skip


def address(name: str, rows: dict[str, int]) -> str:
    return reverse(
        name,
        kwargs={
            parameter: TEXTS[parameter] if kind == "text" else rows[kind]
            for parameter, kind in EVERY[name].parameters.items()
        },
    )


Answer = Callable[[str, str, str], Any]


@pytest.fixture
def answer(sessions: dict[str, str]) -> Answer:
    """The response for a person, a method and an address, without what it has changed."""
    return lambda who, method, address: _answer(sessions.get(who), method, address)


def _answer(session: str | None, method: str, address: str) -> Any:
    client = Client()
    if session:
        client.cookies["sessionid"] = session
    form = {"user": "erin", "role": "member"}
    more = {"content_type": "application/json"} if method in ("PUT", "PATCH") else {}
    with transaction.atomic():
        response = (
            client.generic(method, address)
            if method == "DELETE"
            else getattr(client, method.lower())(address, {} if method == "GET" else form, **more)
        )
        transaction.set_rollback(True)
    return response


def kind(response: Any) -> str | int:
    asked_to_sign_in = response.status_code == 302 and "/login/?next=" in response["Location"]
    if asked_to_sign_in or response.status_code == 401:
        return "sign in"
    return response.status_code if response.status_code in (403, 404, 405) else "ok"


def test_every_route_is_classified() -> None:
    assert set(OWN) == set(ROUTES)


@pytest.mark.parametrize("name", OWN)
def test_everyone_gets_what_they_may_see(name: str, rows: Any, answer: Answer) -> None:
    for method, expected in ROUTES[name].items():
        got = [kind(answer(who, method, address(name, rows))) for who in PEOPLE]
        assert got == list(expected), method


@pytest.mark.parametrize("name", OWN)
def test_no_other_method_is_answered(name: str, rows: Any, answer: Answer) -> None:
    for method in set(METHODS) - set(ROUTES[name]):
        status = answer("administrator", method, address(name, rows)).status_code
        assert status == 405, method


@pytest.mark.parametrize("name", [name for name in OWN if EVERY[name].parameters])
def test_what_is_hidden_is_answered_like_what_does_not_exist(
    name: str, rows: Any, answer: Answer
) -> None:
    nothing = dict.fromkeys(rows, 10**8)
    for method in ROUTES[name]:
        for who in ("anonymous", "stranger"):
            hidden, absent = (answer(who, method, address(name, each)) for each in (rows, nothing))
            assert hidden.status_code == absent.status_code
            if hidden.status_code != 302:
                assert _alike(hidden) == _alike(absent)


def _alike(response: Any) -> str:
    """The page without tokens of forms and the address that was asked for, to which signing in
    leads back."""
    page = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", response.content.decode())
    return page.replace(quote(response.request["PATH_INFO"], safe=""), "")


@pytest.mark.parametrize("name", sorted(set(EVERY) - set(OWN)))
def test_the_admin_site_is_for_administrators(name: str, answer: Answer) -> None:
    given = {"object_id": "1", "app_label": "auth", "content_type_id": "1", "url": "x", "id": "1"}
    kinds = EVERY[name].parameters
    if name in ("admin:login", "admin:None", "admin:view_on_site"):
        pytest.skip("signs in, or answers 404")
    parameters = {parameter: given[parameter] for parameter in kinds}
    if name == "admin:app_list":
        parameters = {"app_label": "auth"}
    for who in ("anonymous", "stranger", "teammate", "maintainer", "owner"):
        assert answer(who, "GET", reverse(name, kwargs=parameters)).status_code == 302

"""What a stranger, a teammate, a maintainer of a team and an anonymous visitor see and may do, on
every route: a route or a method that nobody has classified in `who_sees_what` fails."""

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
from django.test import Client, override_settings
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from codeindex.accounts import teams
from codeindex.integrations import imports, outgoing, push_webhooks
from codeindex.integrations.imports import Filters
from codeindex.models import Evaluation, IndexRun, Invitation, Role
from codeindex.models.tokens import digest
from codeindex.quality import dismissals
from codeindex.searches import saved
from tests import shelf
from tests.codeindex.web.who_sees_what import PEOPLE, ROUTES
from tests.shelf import Written

pytestmark = pytest.mark.django_db

SECRET = "open-invitation"

WITH_PROVIDER = "tests.sign_on_urls"
"""The routes of an installation with single sign-on."""

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

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


@pytest.fixture(scope="module", autouse=True)
def provider() -> Iterator[None]:
    """One that is down. It is set once, since other routes are compiled anew."""
    with override_settings(
        ROOT_URLCONF=WITH_PROVIDER,
        CODEINDEX_OIDC_URL="http://127.0.0.1:1",
        CODEINDEX_ADDRESS_LOGIN_RATE="100000/minute",
    ):
        yield


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
    dismissal = dismissals.dismiss(shop, definition.pk, by=alice)
    search = saved.save(alice, "csv", "q=csv", alerts=True, mail=False)
    return {
        "saved_search": search.pk,
        "dismissal": dismissal.pk,
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
    page = b"".join(response).decode()
    page = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page)
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

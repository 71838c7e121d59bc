"""Single sign-on, by a browser's way between this server and a real provider on loopback."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import Group, User
from django.core.management import CommandError, call_command
from django.test import Client

from codeindex.accounts import invitations, teams, tokens
from codeindex.accounts.sign_on import backend, links
from codeindex.models import AuditRecord, Membership, Repository, Role
from tests import oidc_provider, shelf

PROJECT = Path(__file__).parents[3]
START_SECONDS = 60


class Provider:
    """A running provider, and what it says."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self._answers = folder / "answers.json"
        self.says()

    def says(self, **answers: Any) -> None:
        """What it says from now on, as `tests.oidc_provider.answers` has it."""
        self._answers.write_text(json.dumps(answers))

    def says_of(self, user: str, **claims: Any) -> None:
        self.says(claims={user: claims})


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def running_provider(live_server: Any, tmp_path_factory: Any) -> Iterator[Provider]:
    folder, port = tmp_path_factory.mktemp("provider"), free_port()
    provider = Provider(f"http://127.0.0.1:{port}", folder)
    callback = f"{live_server.url}/account/sign-on/callback"
    command = [sys.executable, "-m", "tests.oidc_provider", str(port), str(folder), callback]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=PROJECT, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + START_SECONDS
        while not _responds(provider.url):
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.1)
        yield provider
    finally:
        process.kill()
        process.wait()


def _responds(url: str) -> bool:
    try:
        return httpx.get(f"{url}/.well-known/openid-configuration").is_success
    except httpx.TransportError:
        return False


@pytest.fixture
def provider(running_provider: Provider, settings: Any) -> Provider:
    """The settings name it; it says nothing in particular."""
    running_provider.says()
    settings.ROOT_URLCONF = "tests.sign_on_urls"
    settings.CODEINDEX_OIDC_URL = running_provider.url
    settings.CODEINDEX_ADDRESS_LOGIN_RATE = "100000/minute"
    settings.CODEINDEX_OIDC_NAME = "Example ID"
    settings.CODEINDEX_OIDC_CLIENT_ID = oidc_provider.CLIENT
    settings.CODEINDEX_OIDC_CLIENT_SECRET = oidc_provider.SECRET
    return running_provider


class Browser:
    """Keeps cookies, and follows redirects from the server to the provider and back."""

    def __init__(self, url: str) -> None:
        self.client = httpx.Client(base_url=url, follow_redirects=True, timeout=30)

    def get(self, address: str, **named: Any) -> httpx.Response:
        return self.client.get(address, **named)

    def to_provider(self, page: str = "") -> httpx.Response:
        """The provider's page, by the button of the page for signing in."""
        shown = self.get("/account/login/", params={"next": page} if page else {})
        (button,) = re.findall(
            r'href="(/account/sign-on/[^"]*)">Sign in with Example ID', shown.text
        )
        return self.get(button)

    def sign_in(self, name: str, page: str = "") -> httpx.Response:
        asked = self.to_provider(page)
        if asked.status_code != 200 or "/login?" not in str(asked.url):
            return asked  # the provider still knows the user, or something went wrong
        form = {"username": name, "password": oidc_provider.PASSWORD}
        return self.client.post(asked.url, data=form)

    def user(self) -> str:
        """The name that the pages show, "" for nobody."""
        shown = re.findall(r'<a href="/account/"[^>]*>([^<]*)</a>', self.get("/").text)
        return shown[0] if shown else ""


@pytest.fixture
def browser(provider: Provider, live_server: Any) -> Iterator[Browser]:
    made = Browser(live_server.url)
    yield made
    made.client.close()


@pytest.fixture
def another_browser(provider: Provider, live_server: Any) -> Browser:
    return Browser(live_server.url)


def memberships() -> dict[str, bool]:
    """Whether sign-on has made each membership of Erin's."""
    erin = User.objects.get(username="erin")
    rows = User.groups.through.objects.filter(user=erin)
    return {
        name: bool(signed)
        for name, signed in rows.values_list("group__name", "details__by_sign_on")
    }


class TestSigningIn:
    def test_a_new_user_comes_in_and_is_the_same_next_time(
        self, browser: Browser, another_browser: Browser, provider: Provider
    ) -> None:
        provider.says_of("erin", email="erin@example.org", name="Erin Example")
        arrived = browser.sign_in("erin", "/repositories/?a=1")
        assert str(arrived.url).endswith("/repositories/?a=1")
        assert browser.user() == "erin"
        user = User.objects.get()
        assert (user.username, user.email, user.first_name) == ("erin", "erin@example.org", "Erin")
        assert not user.has_usable_password()
        assert not user.is_staff
        provider.says_of("erin", preferred_username="renamed")
        another_browser.sign_in("erin")
        assert another_browser.user() == "erin"
        assert User.objects.count() == 1

    def test_it_is_in_the_audit(self, browser: Browser) -> None:
        browser.sign_in("erin")
        actions = AuditRecord.objects.order_by("pk").values_list("action", "subject", "door")
        assert list(actions) == [("user_created", "erin", "page"), ("signed_in", "erin", "page")]

    def test_nobody_is_sent_elsewhere_afterwards(self, browser: Browser) -> None:
        arrived = browser.sign_in("erin", "https://evil.example/")
        assert arrived.url.path == "/"
        assert browser.user() == "erin"

    def test_the_session_ends_after_the_time_of_the_settings(
        self, browser: Browser, settings: Any
    ) -> None:
        settings.CODEINDEX_OIDC_SESSION_HOURS = 2
        browser.sign_in("erin")
        (cookie,) = (each for each in browser.client.cookies.jar if each.name == "sessionid")
        assert cookie.expires
        assert 7_000 < cookie.expires - time.time() < 7_300

    def test_a_local_user_of_that_name_is_somebody_else(self, browser: Browser) -> None:
        local = User.objects.create_user("erin", password="x")
        browser.sign_in("erin")
        assert browser.user() not in ("", "erin")
        local.refresh_from_db()
        assert local.has_usable_password()

    def test_a_shared_email_address_gives_nobody_an_account(
        self, browser: Browser, provider: Provider
    ) -> None:
        User.objects.create_superuser("root", email="root@example.org")
        provider.says_of("erin", email="root@example.org", email_verified=True)
        browser.sign_in("erin")
        assert browser.user() == "erin"
        assert not User.objects.get(username="erin").is_superuser

    def test_who_is_signed_in_connects_their_account(
        self, browser: Browser, another_browser: Browser, live_server: Any
    ) -> None:
        User.objects.create_user("frank", password="a long enough secret")
        page = browser.get("/account/login/")
        (token,) = re.findall(r'csrfmiddlewaretoken" value="(\w+)"', page.text)
        form = {"username": "frank", "password": "a long enough secret"}
        browser.client.post("/account/login/", data=form | {"csrfmiddlewaretoken": token})
        assert browser.user() == "frank"
        assert browser.get("/account/sign-on/").url.path == "/account/"  # nothing by a link alone
        token = re.findall(r'csrfmiddlewaretoken" value="(\w+)"', browser.get("/account/").text)[0]
        page = browser.client.post("/account/sign-on/connect", data={"csrfmiddlewaretoken": token})
        assert "Go on to Example ID" in page.text
        asked = browser.get("/account/sign-on/?next=/account/")
        form = {"username": "erin", "password": oidc_provider.PASSWORD}
        assert browser.client.post(asked.url, data=form).url.path == "/account/"
        assert browser.get("/account/sign-on/").url.path == "/account/"
        another_browser.sign_in("erin")
        assert another_browser.user() == "frank"

    def test_behind_tls_the_provider_is_told_so(
        self, provider: Provider, client: Client, settings: Any
    ) -> None:
        settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
        sent = client.get(
            "/account/sign-on/", headers={"X-Forwarded-Proto": "https", "Host": "testserver"}
        )
        (address,) = parse_qs(urlsplit(sent["Location"]).query)["redirect_uri"]
        assert address == "https://testserver/account/sign-on/callback"

    def test_a_deactivated_user_does_not_come_in(
        self, browser: Browser, another_browser: Browser
    ) -> None:
        browser.sign_in("erin")
        User.objects.update(is_active=False)
        assert browser.user() == ""
        refused = another_browser.sign_in("erin")
        assert refused.status_code == 403
        assert "has been deactivated" in refused.text
        assert another_browser.user() == ""

    def test_a_token_of_theirs_works(self, browser: Browser) -> None:
        browser.sign_in("erin")
        key = tokens.issue(User.objects.get(), by=None)
        headers = {"Authorization": f"Bearer {key}"}
        assert browser.get("/api/v1/tokens", headers=headers).status_code == 200


class TestWhoMaySignUp:
    @pytest.mark.parametrize(
        ("claims", "is_let_in"),
        [
            ({"email": "erin@Example.org", "email_verified": True}, True),
            ({"email": "erin@example.org", "email_verified": False}, False),
            ({"email": "erin@example.org"}, False),
            ({"email": "erin@sub.example.org", "email_verified": True}, False),
            ({"email": "erin@example.org.evil", "email_verified": True}, False),
            ({"email": ["erin@example.org"], "email_verified": True}, False),
            ({"groups": ["developers"]}, True),
            ({"groups": "developers"}, True),
            ({"groups": ["others"]}, False),
            ({"groups": {"developers": 1}}, False),
            ({}, False),
        ],
    )
    def test_domains_and_groups(
        self, browser: Browser, provider: Provider, settings: Any, claims: Any, is_let_in: bool
    ) -> None:
        settings.CODEINDEX_OIDC_SIGNUP_DOMAINS = ["example.org"]
        settings.CODEINDEX_OIDC_SIGNUP_GROUPS = ["developers"]
        provider.says_of("erin", **claims)
        arrived = browser.sign_in("erin")
        assert (browser.user() == "erin") == is_let_in
        assert User.objects.exists() == is_let_in
        if not is_let_in:
            assert arrived.status_code == 403
            assert "You have no account here" in arrived.text

    def test_who_has_an_account_keeps_it(
        self, browser: Browser, another_browser: Browser, settings: Any
    ) -> None:
        browser.sign_in("erin")
        settings.CODEINDEX_OIDC_SIGNUP_DOMAINS = ["example.org"]
        another_browser.sign_in("erin")
        assert another_browser.user() == "erin"


class TestInvitations:
    def test_let_in_whom_the_rules_do_not(
        self, browser: Browser, another_browser: Browser, live_server: Any, settings: Any
    ) -> None:
        settings.CODEINDEX_OIDC_SIGNUP_GROUPS = ["developers"]
        root = User.objects.create_superuser("root")
        team = teams.create("backend", by=root)
        secret = invitations.create(team, Role.MAINTAINER, days=1, by=root)
        page = browser.get(f"/invitations/{secret}")
        (button,) = re.findall(r'href="(/account/sign-on/[^"]*)"', page.text)
        asked = browser.get(button)
        form = {"username": "erin", "password": oidc_provider.PASSWORD}
        assert browser.client.post(asked.url, data=form).status_code == 200
        assert browser.user() == "erin"
        assert teams.roles(User.objects.get(username="erin")) == {"backend": Role.MAINTAINER}
        another_browser.get(f"/invitations/{secret}")
        assert another_browser.sign_in("frank").status_code == 403
        assert not User.objects.filter(username="frank").exists()


class TestGroups:
    @pytest.fixture
    def says(
        self, provider: Provider, live_server: Any, settings: Any
    ) -> Callable[..., dict[str, bool]]:
        """Erin signs in with these groups; returns her memberships."""
        settings.CODEINDEX_OIDC_TEAMS = {"eng": "backend", "*": "id-*"}

        def sign_in(*groups: str, **claims: Any) -> dict[str, bool]:
            provider.says_of("erin", **({"groups": groups} | claims))
            browser = Browser(live_server.url)
            browser.sign_in("erin")
            assert browser.user() == "erin"
            return memberships()

        return sign_in

    def test_are_teams_by_the_map_on_each_sign_in(self, says: Any) -> None:
        assert says("eng", "ops") == {"backend": True, "id-ops": True}
        assert says("ops") == {"id-ops": True}
        assert says() == {}
        assert set(Group.objects.values_list("name", flat=True)) == {"backend", "id-ops"}

    def test_memberships_made_by_hand_stay(self, says: Any) -> None:
        says()
        erin, team = User.objects.get(), Group.objects.create(name="backend")
        other = Group.objects.create(name="other")
        teams.set_member(team, erin, Role.MAINTAINER, by=None)
        erin.groups.add(other)
        assert says("eng") == {"backend": False, "other": False}
        assert says() == {"backend": False, "other": False}
        assert teams.roles(erin)["backend"] == Role.MAINTAINER

    def test_what_a_team_sees_is_seen_until_the_group_is_gone(self, says: Any, alice: User) -> None:
        says("eng")
        shelf.repository(alice, teams=[Group.objects.get(name="backend")])
        seen = Repository.objects.visible_to(User.objects.get(username="erin"))
        assert seen.exists()
        says("ops")
        assert not seen.exists()

    def test_without_the_claim_nothing_is_granted(self, says: Any, provider: Provider) -> None:
        says("eng")
        provider.says()
        assert says(groups=None) == {}
        assert says(groups=[1, None, "x" * 200, ""]) == {}

    def test_the_claim_has_the_name_of_the_settings(self, says: Any, settings: Any) -> None:
        settings.CODEINDEX_OIDC_GROUPS_CLAIM = "roles"
        assert says("eng", roles=["ops"]) == {"id-ops": True}

    def test_a_group_makes_administrators(self, says: Any, settings: Any) -> None:
        settings.CODEINDEX_OIDC_ADMIN_GROUPS = ["admins"]
        erin = User.objects.filter(username="erin", is_superuser=True, is_staff=True)
        says("admins")
        assert erin.exists()
        says("eng")
        assert not erin.exists()
        User.objects.update(is_superuser=True, is_staff=True)
        says("admins")
        says("eng")
        assert erin.exists()

    def test_the_changes_are_in_the_audit(self, says: Any) -> None:
        says("eng")
        says()
        rows = AuditRecord.objects.filter(action__contains="member").order_by("pk")
        assert list(rows.values_list("action", "user", "subject", "details")) == [
            ("member_added", "erin", "backend", "by single sign-on"),
            ("member_removed", "erin", "backend", "by single sign-on"),
        ]
        assert not Membership.objects.exists()


class TestWhatGoesWrong:
    def refused(self, browser: Browser, status: int = 403) -> str:
        arrived = browser.sign_in("erin")
        assert arrived.status_code == status, arrived.text
        assert "You were not signed in" in arrived.text
        assert browser.user() == ""
        assert not User.objects.exists()
        failures = AuditRecord.objects.filter(action="sign_in_failed", subject="Example ID")
        assert failures.exists()
        return arrived.text

    @pytest.mark.parametrize(
        "answers",
        [
            {"id_token": {"aud": "another client"}},
            {"id_token": {"iss": "https://evil.example"}},
            {"expired_for": 60},
            {"userinfo": {"sub": "4711"}},
        ],
        ids=["another audience", "another issuer", "expired", "userinfo of another user"],
    )
    def test_a_wrong_id_token(self, browser: Browser, provider: Provider, answers: Any) -> None:
        provider.says(**answers)
        assert "did not agree on who you are" in self.refused(browser)

    @pytest.mark.parametrize(
        "claims",
        [{"name": "nul\x00"}, {"groups": ["nul\x00"]}, {"sub": "x" * 192}, {"sub": None}],
        ids=["NUL", "NUL within", "long", "none"],
    )
    def test_claims_that_cannot_be_stored(
        self, browser: Browser, provider: Provider, claims: Any
    ) -> None:
        provider.says_of("erin", **claims)
        arrived = browser.sign_in("erin")
        assert arrived.status_code in (403, 503)
        assert not User.objects.exists()

    def test_long_and_odd_claims(self, browser: Browser, provider: Provider) -> None:
        odd = {"preferred_username": "<b>" + "x" * 500, "name": "y" * 500, "email": "no address"}
        provider.says_of("erin", **odd)
        assert browser.sign_in("erin").status_code == 200
        assert browser.user()

    def test_a_wrong_secret_of_the_client(self, browser: Browser, settings: Any) -> None:
        settings.CODEINDEX_OIDC_CLIENT_SECRET = "wrong"
        self.refused(browser)

    def test_a_state_of_another_browser(self, browser: Browser, another_browser: Browser) -> None:
        asked = another_browser.to_provider()
        form = {"username": "erin", "password": oidc_provider.PASSWORD}
        another_browser.client.follow_redirects = False
        response = another_browser.client.post(asked.url, data=form)
        while "/account/sign-on/callback" not in response.headers["Location"]:
            response = another_browser.client.get(response.next_request.url)
        stolen = response.headers["Location"]
        arrived = browser.get(stolen)
        assert arrived.status_code == 403
        assert browser.user() == ""
        guessed = stolen.replace(parse_qs(urlsplit(stolen).query)["state"][0], "guessed")
        assert another_browser.get(guessed).status_code == 403
        assert another_browser.get(stolen).status_code == 302
        assert another_browser.get(stolen).status_code == 403  # a state is used once

    @pytest.mark.parametrize("query", ["", "?code=x", "?state=x", "?error=access_denied&state=x"])
    def test_a_callback_that_nobody_asked_for(self, browser: Browser, query: str) -> None:
        assert browser.get(f"/account/sign-on/callback{query}").status_code == 403

    def test_the_user_cancels(self, browser: Browser) -> None:
        browser.client.follow_redirects = False
        sent = browser.get("/account/sign-on/")
        state = parse_qs(urlsplit(sent.headers["Location"]).query)["state"][0]
        answer = browser.get(f"/account/sign-on/callback?error=access_denied&state={state}")
        assert (answer.status_code, "cancelled" in answer.text) == (403, True)

    def test_the_provider_is_down(self, browser: Browser, settings: Any) -> None:
        settings.CODEINDEX_OIDC_URL = f"http://127.0.0.1:{free_port()}"
        assert "Example ID does not respond" in self.refused(browser, 503)

    def test_the_provider_goes_down_on_the_way(
        self, browser: Browser, provider: Provider, settings: Any
    ) -> None:
        asked = browser.to_provider()
        settings.CODEINDEX_OIDC_URL = f"http://127.0.0.1:{free_port()}"
        form = {"username": "erin", "password": oidc_provider.PASSWORD}
        assert browser.client.post(asked.url, data=form).status_code == 503

    def test_the_provider_does_not_answer_in_time(self, browser: Browser, settings: Any) -> None:
        settings.SOCIALACCOUNT_REQUESTS_TIMEOUT = 1
        with socket.create_server(("127.0.0.1", 0)) as silent:
            settings.CODEINDEX_OIDC_URL = f"http://127.0.0.1:{silent.getsockname()[1]}"
            began = time.monotonic()
            self.refused(browser, 503)
            assert time.monotonic() - began < 10

    @pytest.mark.parametrize("path", ["/login?", "/.well-known/jwks.json?"])
    def test_the_provider_answers_with_something_else(
        self, browser: Browser, provider: Provider, settings: Any, path: str
    ) -> None:
        settings.CODEINDEX_OIDC_URL = f"{provider.url}{path}"
        self.refused(browser, 503)

    def test_attempts_are_counted(self, browser: Browser, settings: Any) -> None:
        settings.CODEINDEX_ADDRESS_LOGIN_RATE = "2/hour"
        browser.client.follow_redirects = False
        statuses = [browser.get("/account/sign-on/").status_code for _ in range(3)]
        assert statuses == [302, 302, 429]


class TestPasswords:
    def test_stay_beside_it(self, browser: Browser) -> None:
        page = browser.get("/account/login/").text
        assert "Sign in with Example ID" in page
        assert 'name="password"' in page

    def test_can_be_switched_off(self, provider: Provider, client: Client, settings: Any) -> None:
        settings.CODEINDEX_PASSWORDS = False
        User.objects.create_user("frank", password="secret")
        client.force_login(User.objects.get())
        settings.AUTHENTICATION_BACKENDS = [backend.PATH]
        assert client.get("/account/").status_code == 302  # the session was opened by a password
        page = client.get("/account/login/").content.decode()
        assert "Sign in with Example ID" in page
        assert 'name="password"' not in page
        form = {"username": "frank", "password": "secret"}
        assert client.post("/account/login/", form).status_code == 403
        assert not client.login(**form)

    def test_the_admin_site_has_no_form_of_its_own(
        self, provider: Provider, client: Client, charlie: User
    ) -> None:
        sent = client.get("/admin/", follow=True)
        assert sent.redirect_chain[-1][0] == "/account/login/?next=%2Fadmin%2F"
        client.force_login(charlie)
        assert client.get("/admin/", follow=True).status_code == 403

    def test_a_link_of_the_command_line_signs_in_once(
        self, provider: Provider, client: Client, alice: User, settings: Any, capsys: Any
    ) -> None:
        settings.CODEINDEX_PASSWORDS = False
        settings.AUTHENTICATION_BACKENDS = [backend.PATH]
        call_command("sign-in-link", "alice")
        path = capsys.readouterr().out.splitlines()[-1]
        assert "Sign in as alice?" in client.get(path).content.decode()
        assert client.get("/account/").status_code == 302
        assert client.post(path).status_code == 302
        assert client.get("/account/").status_code == 200
        assert Client().post(path).status_code == 404

    def test_a_link_ends(self, client: Client, alice: User, settings: Any) -> None:
        signed = links.sign(alice)
        assert links.user_of(signed) == alice
        assert links.user_of(f"{signed}x") is None
        User.objects.update(is_active=False)
        assert links.user_of(signed) is None
        with pytest.raises(CommandError, match="no active user"):
            call_command("sign-in-link", "alice")


def test_with_a_provider_in_the_environment_there_are(tmp_path: Path) -> None:
    show = (
        "import django; django.setup(); from django.urls import resolve;"
        "print(*(resolve(path).url_name for path in"
        " ('/account/sign-on/', '/account/sign-on/callback', '/admin/login/', '/admin/')))"
    )
    environment = {
        "PATH": os.environ["PATH"],
        "CODEINDEX_HOME": str(tmp_path),
        "CODEINDEX_ENV_FILE": os.devnull,
        "DJANGO_SETTINGS_MODULE": "codeindex.settings",
        "CODEINDEX_OIDC_URL": "https://id.example.org",
        "CODEINDEX_OIDC_CLIENT_ID": "codeindex",
    }
    command = [sys.executable, "-c", show]
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True)
    assert done.stdout.split() == ["sign-on", "sign-on-callback", "admin-sign-in", "index"], done


def test_without_a_provider_there_are_no_addresses_of_it(client: Client, db: None) -> None:
    assert django_settings.CODEINDEX_OIDC_URL == ""
    for path in ("/account/sign-on/", "/account/sign-on/callback"):
        assert client.get(path).status_code == 404
    assert "Sign in with" not in client.get("/account/login/").content.decode()

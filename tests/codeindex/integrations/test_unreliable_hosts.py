"""Whatever a code host answers, an import has a state with its reason and loses nothing."""

from __future__ import annotations

import time
from datetime import timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from codeindex.integrations import http
from codeindex.models import (
    HostKind,
    ImportedRepository,
)
from tests import hosts
from tests.codeindex.integrations import fake_hosts
from tests.codeindex.integrations.fake_hosts import Fake, Repo, send
from tests.codeindex.integrations.importing import (
    acme,
    importing,
    minutes_left,
    names,
    status,
    sync,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("inside_network")]


class TestBadHosts:
    @pytest.mark.parametrize(
        ("answer", "reason"),
        [
            (status(401), "wrong, has expired or was revoked"),
            (status(403), "does not allow to list"),
            (status(404), "no such organisation"),
            (status(418), "refused the request (418)"),
            (status(500), "server error (500)"),
            (status(503), "server error (503)"),
            (status(200, {"Content-Type": "text/html"}, b"<html>Sign in</html>"), "than JSON"),
            (status(200, body=b"{"), "than JSON"),
            (status(200, body=b"[" * 100_000), "than JSON"),
            (status(200, {"Content-Encoding": "gzip"}, b"x"), "is compressed"),
            (status(200, body=b" " * (11 << 20)), "larger than 10 MiB"),
            (status(302, {"Location": "https://elsewhere.example/"}), "redirects to another"),
            (status(302, {"Location": "http://127.0.0.1:1/"}), "redirects to another"),
            (status(302, {"Location": "file:///etc/passwd"}), "redirects to another"),
            (status(301, {"Location": "?"}), "redirects again and again"),
        ],
    )
    def test_are_a_state_with_its_reason(
        self, alice: User, fake: Fake, client: Client, answer: Any, reason: str
    ) -> None:
        row = sync(importing(fake, alice))
        fake.failing = answer
        row = sync(row)
        assert reason in row.error
        assert 4.9 < minutes_left(row) < 6
        assert len(names()) == 3
        client.force_login(alice)
        assert reason in client.get(reverse("import", args=[row.pk])).text

    @pytest.mark.parametrize(
        "body",
        [
            {}, [1], [{}], ["x"], [{"id": 1, "full_name": "a/b"}],
            [{"id": None, "full_name": "a/b", "clone_url": "https://x/y"}],
            [{"id": 1, "full_name": "a\x00b", "clone_url": "https://x/y"}],
            [{"id": 1, "full_name": "a" * 5000, "clone_url": "https://x/y"}],
        ],
    )  # fmt: skip
    @pytest.mark.parametrize("kind", list(HostKind))
    def test_lists_of_other_things_change_nothing(
        self, alice: User, body: object, kind: HostKind
    ) -> None:
        with fake_hosts.serving(Fake(kind, {"acme": acme()})) as fake:
            row = sync(importing(fake, alice))
            is_wrapped = kind in (HostKind.BITBUCKET, HostKind.BITBUCKET_SERVER)
            wrapped = {"values": body} if is_wrapped else body
            account = {"type": "Organization"}

            def answer(request: BaseHTTPRequestHandler) -> bool:
                send(request, 200, account if request.path.endswith("/users/acme") else wrapped)
                return True

            fake.failing = answer
            row = sync(row)
        assert row.error
        assert len(names()) == 3

    def test_failures_are_retried_ever_less_often(self, alice: User, fake: Fake) -> None:
        fake.failing = status(502)
        row = importing(fake, alice)
        left = [minutes_left(sync(row)) for _ in range(12)]
        assert [int(minutes / 4.99) for minutes in left[:4]] == [1, 2, 4, 8]
        assert 24 * 60 <= left[-1] < 27 * 60
        fake.failing = lambda _: False
        row = sync(row)
        assert (row.error, row.failures) == ("", 0)

    @pytest.mark.parametrize(
        ("code", "headers", "minutes"),
        [
            (429, {"Retry-After": "1200"}, 20),
            (
                429,
                lambda: {"Retry-After": format_datetime(timezone.now() + timedelta(hours=2))},
                120,
            ),
            (429, {"Retry-After": "soon"}, 1),
            (429, {"Retry-After": "9" * 30}, 1440),
            (
                403,
                lambda: {
                    "X-RateLimit-Remaining": "0",
                    "X-RateLimit-Reset": str(time.time() + 6000),
                },
                100,
            ),
            (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "nan"}, 1440),
            (503, {"Retry-After": "600"}, 10),
        ],
    )
    def test_a_host_that_asks_to_wait_is_left_alone(
        self, alice: User, fake: Fake, code: int, headers: Any, minutes: int
    ) -> None:
        """Headers with a time are made when the test runs."""
        fake.failing = status(code, headers() if callable(headers) else headers)
        row = sync(importing(fake, alice))
        assert minutes * 0.95 < minutes_left(row) < minutes * 1.15
        assert "too many requests" in row.error or "503" in row.error

    def test_a_slow_host_is_left(
        self, alice: User, fake: Fake, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def trickle(request: BaseHTTPRequestHandler) -> bool:
            hosts.trickling(request)
            return True

        monkeypatch.setattr(http, "EXCHANGE_SECONDS", 1.0)
        fake.failing = trickle
        began = time.monotonic()
        assert "did not answer in time" in sync(importing(fake, alice)).error
        assert time.monotonic() - began < 10

    def test_a_failure_in_the_middle_changes_nothing(self, alice: User, fake: Fake) -> None:
        fake.organisations["acme"] = acme(250)
        row = importing(fake, alice)

        def third_page(request: BaseHTTPRequestHandler) -> bool:
            if "page=3" in request.path:
                send(request, 500, {})
                return True
            return False

        fake.failing = third_page
        assert "server error" in sync(row).error
        assert names() == []

    def test_an_inside_address_is_not_called(self, alice: User, client: Client) -> None:
        with fake_hosts.serving(Fake(HostKind.GITHUB, {"acme": acme()}), "127.0.0.1") as inside:
            row = sync(importing(inside, alice))
            assert "in a network from which" in row.error
            assert inside.asked == []

    def test_a_next_page_at_another_address_is_not_asked_for(self, alice: User, fake: Fake) -> None:
        with fake_hosts.serving(Fake(HostKind.GITHUB)) as other:
            link = {"Link": f'<{other.base}/api/v3/orgs/acme/repos?page=2>; rel="next"'}
            account = status(200, body={"type": "Organization"})
            page = status(200, link, [fake_hosts.github(fake.base, Repo(1, "acme/x"))])
            fake.failing = lambda request: (
                account(request) if request.path.endswith("/users/acme") else page(request)
            )
            row = importing(fake, alice)
            assert "another address" in sync(row).error
            assert other.asked == []

    @pytest.mark.parametrize(
        "url",
        [
            "https://elsewhere.example/acme/x.git", "/etc", "file:///etc", "ssh://git@host/x",
            "ext::sh -c id", "http://127.0.0.2:1/acme/x.git",
        ],
    )  # fmt: skip
    def test_the_token_goes_to_no_other_host(self, alice: User, fake: Fake, url: str) -> None:
        fake.organisations["acme"].append(Repo(9, "acme/evil", clone_url=url))
        sync(importing(fake, alice))
        assert names() == ["r1", "r2", "r3"]
        problem = ImportedRepository.objects.get(host_id="9").problem
        assert "another host" in problem or "refused" in problem

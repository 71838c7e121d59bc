"""Organisations are imported and kept as they are at their code hosts, whatever these answer."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Iterator
from datetime import timedelta
from email.utils import format_datetime
from functools import partial
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from codeindex import credentials, repositories, tasks
from codeindex.integrations import http, imports, listings, syncing
from codeindex.integrations.imports import Filters
from codeindex.models import (
    Branch,
    CodeHost,
    HostKind,
    Import,
    ImportedRepository,
    IndexRun,
    Repository,
)
from codeindex.web import ids
from tests import hosts, shelf
from tests.codeindex.integrations import fake_hosts
from tests.codeindex.integrations.fake_hosts import Fake, Repo, send

pytestmark = pytest.mark.django_db

TOKEN = "s3cret-token"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: Any) -> None:
    """127.0.0.1 stands for a server's own network, the rest of loopback for the internet."""
    settings.CODEINDEX_HOME = tmp_path / "home"
    settings.CODEINDEX_REFUSED_NETWORKS = [ipaddress.ip_network("127.0.0.1/32")]
    settings.CODEINDEX_IMPORTS_BY = "everyone"


def acme(count: int = 3) -> list[Repo]:
    return [Repo(number, f"acme/r{number}") for number in range(1, count + 1)]


@pytest.fixture
def fake() -> Iterator[Fake]:
    with fake_hosts.serving(Fake(HostKind.GITHUB, {"acme": acme()})) as serving:
        yield serving


def added(fake: Fake, owner: User, token: str = "", username: str = "") -> CodeHost:
    return imports.add_host(owner, kind=fake.kind, url=fake.base, token=token, username=username)


def importing(
    fake: Fake, owner: User, filters: Filters | None = None, namespace: str = "acme", **more: Any
) -> Import:
    """An import that was started."""
    row = imports.add_import(added(fake, owner), namespace, filters or Filters(), by=owner, **more)
    imports.start(row, by=owner)
    return row


def sync(row: Import) -> Import:
    Import.objects.filter(pk=row.pk).update(due=timezone.now())
    assert syncing.sync_next(partial(tasks.request_indexes, by=None))
    row.refresh_from_db()
    assert row.lease is None
    return row


def names() -> list[str]:
    return sorted(Repository.objects.values_list("name", flat=True))


class TestListing:
    @pytest.mark.parametrize("kind", list(HostKind))
    def test_all_pages_of_an_organisation_are_imported(self, alice: User, kind: HostKind) -> None:
        with fake_hosts.serving(Fake(kind, {"acme": acme(7)}, page_size=3)) as fake:
            row = sync(importing(fake, alice))
        assert (row.error, row.listed, row.kept) == ("", 7, 7)
        assert names() == [f"r{number}" for number in range(1, 8)]
        assert Repository.objects.get(name="r1").url == f"{fake.base}/acme/r1.git"
        assert IndexRun.objects.count() == Branch.objects.count() == 7

    @pytest.mark.parametrize("kind", [HostKind.GITHUB, HostKind.GITLAB, HostKind.GITEA])
    def test_a_user_is_found_where_there_is_no_organisation(
        self, alice: User, kind: HostKind
    ) -> None:
        with fake_hosts.serving(Fake(kind, users={"jo": [Repo(1, "jo/dots")]})) as fake:
            sync(importing(fake, alice, namespace="jo"))
        assert names() == ["dots"]

    def test_the_token_s_own_user_is_asked_for_private_repositories(self, alice: User) -> None:
        fake = Fake(
            HostKind.GITHUB, users={"jo": [Repo(1, "jo/dots")]}, tokens={f"Bearer {TOKEN}": "jo"}
        )
        with fake_hosts.serving(fake):
            row = imports.add_import(added(fake, alice, TOKEN), "Jo", Filters(), by=alice)
            fake.users["Jo"] = fake.users["jo"]
            sync(row)
        assert fake.asked[-1].startswith("/api/v3/user/repos?")

    def test_a_group_within_a_group_and_equal_names(self, alice: User) -> None:
        projects = [
            Repo(1, "acme/tools/shop"), Repo(2, "acme/legacy/shop"), Repo(3, "acme/legacy/shop-2"),
        ]  # fmt: skip
        with fake_hosts.serving(Fake(HostKind.GITLAB, {"acme": projects})) as fake:
            sync(importing(fake, alice))
        assert names() == ["acme-legacy-shop", "shop", "shop-2"]

    @pytest.mark.parametrize(
        ("kind", "username", "header", "credential"),
        [
            (HostKind.GITHUB, "", f"Bearer {TOKEN}", f"x-access-token:{TOKEN}"),
            (HostKind.GITLAB, "", f"Bearer {TOKEN}", f"oauth2:{TOKEN}"),
            (HostKind.GITEA, "", f"token {TOKEN}", f"oauth2:{TOKEN}"),
            (HostKind.BITBUCKET, "", f"Bearer {TOKEN}", f"x-token-auth:{TOKEN}"),
            (
                HostKind.BITBUCKET,
                "jo@acme.example",
                "Basic am9AYWNtZS5leGFtcGxlOnMzY3JldC10b2tlbg==",
                f"x-bitbucket-api-token-auth:{TOKEN}",
            ),
        ],
    )
    def test_the_token_lists_and_clones(
        self, alice: User, kind: HostKind, username: str, header: str, credential: str
    ) -> None:
        with fake_hosts.serving(Fake(kind, {"acme": acme(1)}, tokens={header: "x"})) as fake:
            host = added(fake, alice, TOKEN, username)
            row = imports.add_import(host, "acme", Filters(), by=alice)
            imports.start(row, by=alice)
            assert sync(row).error == ""
        made = Repository.objects.get()
        assert credentials.decrypt(made.credential) == credential
        assert TOKEN not in made.credential + made.url + host.token

    def test_addresses_of_the_public_hosts(self) -> None:
        def api(kind: HostKind, url: str) -> str:
            return listings.Access(kind, url).api

        assert api(HostKind.GITHUB, "https://github.com") == "https://api.github.com"
        assert api(HostKind.GITHUB, "https://git.acme.example") == "https://git.acme.example/api/v3"
        assert api(HostKind.GITLAB, "https://gitlab.com") == "https://gitlab.com/api/v4"
        assert api(HostKind.GITEA, "https://codeberg.org") == "https://codeberg.org/api/v1"
        assert api(HostKind.BITBUCKET, "https://bitbucket.org") == "https://api.bitbucket.org/2.0"

    def test_ten_thousand_repositories(
        self, alice: User, fake: Fake, django_assert_max_num_queries: Any
    ) -> None:
        alice.is_superuser = True
        alice.save()
        fake.organisations["acme"] = acme(10_000)
        row = importing(fake, alice)
        with django_assert_max_num_queries(2_000):
            row = sync(row)
        assert (row.error, row.kept) == ("", 10_000)
        assert Repository.objects.count() == IndexRun.objects.count() == 10_000
        assert len(fake.asked) == 101


class TestFilters:
    REPOS = (
        Repo(1, "acme/shop", topics=["web", "python"]),
        Repo(2, "acme/shop-old", archived=True, topics=["web"]),
        Repo(3, "acme/linux", fork=True),
        Repo(4, "acme/Infra", topics=["ops"]),
    )

    @pytest.mark.parametrize(
        ("filters", "kept"),
        [
            (Filters(), ["Infra", "shop"]),
            (Filters(archived=True), ["Infra", "shop", "shop-old"]),
            (Filters(forks=True), ["Infra", "linux", "shop"]),
            (Filters(topics=["WEB", "x"]), ["shop"]),
            (Filters(archived=True, patterns=["shop*"]), ["shop", "shop-old"]),
            (Filters(archived=True, patterns=["acme/s*", "!*-old"]), ["shop"]),
            (Filters(patterns=["!infra"]), ["shop"]),
            (Filters(patterns=["none"]), []),
        ],
    )
    def test_decide_what_is_imported(
        self, alice: User, fake: Fake, filters: Filters, kept: list[str]
    ) -> None:
        fake.organisations["acme"] = list(self.REPOS)
        row = sync(importing(fake, alice, filters))
        assert names() == kept
        assert (row.listed, row.kept) == (4, len(kept))

    def test_are_previewed_before_anything_is_imported(self, alice: User, fake: Fake) -> None:
        fake.organisations["acme"] = list(self.REPOS)
        row = sync(imports.add_import(added(fake, alice), "acme", Filters(), by=alice))
        assert (row.listed, row.kept, row.names) == (4, 2, ["acme/Infra", "acme/shop"])
        assert names() == []
        imports.start(row, by=alice)
        sync(row)
        assert names() == ["Infra", "shop"]


class TestSync:
    def test_new_repositories_appear(self, alice: User, fake: Fake) -> None:
        row = sync(importing(fake, alice))
        fake.organisations["acme"] = acme(5)
        sync(row)
        assert names() == ["r1", "r2", "r3", "r4", "r5"]
        assert 59 < minutes_left(row) < 67

    def test_removed_ones_go_when_they_are_missing_twice(self, alice: User, fake: Fake) -> None:
        row = sync(importing(fake, alice))
        gone = fake.organisations["acme"].pop()
        assert minutes_left(sync(row)) < 6
        assert "r3" in names()
        fake.organisations["acme"].append(gone)
        sync(row)
        fake.organisations["acme"].pop()
        sync(row)
        assert "r3" in names()
        sync(row)
        assert names() == ["r1", "r2"]

    def test_an_empty_or_failed_answer_removes_nothing(self, alice: User, fake: Fake) -> None:
        row = sync(importing(fake, alice))
        fake.organisations["acme"].clear()
        for _ in range(3):
            assert sync(row).error == ""
        del fake.organisations["acme"]
        for _ in range(3):
            assert "no such organisation" in sync(row).error
        assert len(names()) == 3

    def test_many_removals_wait_for_a_confirmation(self, alice: User, fake: Fake) -> None:
        fake.organisations["acme"] = acme(40)
        row = sync(importing(fake, alice))
        fake.organisations["acme"] = acme(20)
        for _ in range(3):
            sync(row)
        assert (row.held, len(names())) == (20, 40)
        imports.confirm(row, by=alice)
        row = sync(row)
        assert (row.held, len(names())) == (0, 20)
        fake.organisations["acme"] = acme(2)
        for _ in range(3):
            sync(row)
        assert (row.held, len(names())) == (18, 20)  # a confirmation is used once

    def test_a_renamed_repository_is_followed_by_its_id(self, alice: User, fake: Fake) -> None:
        row = sync(importing(fake, alice))
        before = Repository.objects.get(name="r1")
        fake.organisations["acme"][0].name = "acme/renamed"
        sync(row)
        after = Repository.objects.get(pk=before.pk)
        assert (after.name, after.url) == ("r1", f"{fake.base}/acme/renamed.git")
        assert ImportedRepository.objects.get(host_id="1").full_name == "acme/renamed"
        assert len(names()) == 3

    def test_what_was_removed_here_is_not_imported_again(self, alice: User, fake: Fake) -> None:
        row = sync(importing(fake, alice))
        repositories.remove(Repository.objects.get(name="r2"), by=alice)
        sync(row)
        assert names() == ["r1", "r3"]

    def test_names_that_are_used_already_are_avoided(self, alice: User, fake: Fake) -> None:
        shelf.repository(alice, "r1")
        sync(importing(fake, alice))
        assert names() == ["acme-r1", "r1", "r2", "r3"]

    def test_a_user_s_limit_holds(self, alice: User, fake: Fake, settings: Any) -> None:
        settings.CODEINDEX_REPOSITORIES_PER_USER = 2
        row = sync(importing(fake, alice))
        assert len(names()) == 2
        assert "as many as a user can have" in row.notice
        settings.CODEINDEX_REPOSITORIES_PER_USER = 10
        row = sync(row)
        assert (len(names()), row.notice) == (3, "")

    def test_visibility_and_team(
        self, alice: User, bob: User, charlie: User, team: Group, fake: Fake
    ) -> None:
        sync(importing(fake, alice, team=team))
        assert Repository.objects.visible_to(bob).count() == 3
        assert not Repository.objects.visible_to(charlie).exists()

    def test_another_token_is_used_for_cloning_at_once(self, alice: User, fake: Fake) -> None:
        row = sync(importing(fake, alice))
        fake.failing = lambda request: bool(send(request, 401, {})) or True
        assert "expired or was revoked" in sync(row).error
        imports.change_token(row.host, "another", by=alice)
        row.refresh_from_db()
        assert minutes_left(row) <= 0
        made = Repository.objects.get(name="r1")
        assert credentials.decrypt(made.credential) == "x-access-token:another"

    def test_what_is_not_imported_any_longer_stays(self, alice: User, fake: Fake) -> None:
        row = sync(importing(fake, alice))
        imports.remove_host(row.host, by=alice)
        assert len(names()) == 3
        assert not syncing.sync_next(print)

    def test_a_deactivated_owner_s_import_rests(self, alice: User, fake: Fake) -> None:
        importing(fake, alice)
        alice.is_active = False
        alice.save()
        assert not syncing.is_due()

    def test_the_sweep_wakes_what_is_due(self, alice: User, fake: Fake) -> None:
        importing(fake, alice)
        tasks.sync_imports()
        assert len(names()) == 3
        tasks.sweep()
        assert not syncing.is_due()


def status(code: int, headers: dict[str, str] | None = None, body: object = None) -> Any:
    def answer(request: BaseHTTPRequestHandler) -> bool:
        send(request, code, body or {"message": "no"}, headers)
        return True

    return answer


def minutes_left(row: Import) -> float:
    assert row.due
    return (row.due - timezone.now()).total_seconds() / 60


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
            wrapped = {"values": body} if kind == HostKind.BITBUCKET else body
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
            fake.failing = status(200, link, [fake_hosts.github(fake.base, Repo(1, "acme/x"))])
            row = importing(fake, alice)
            user = {"type": "Organization"}
            pages = fake.failing
            fake.failing = lambda request: (
                bool(send(request, 200, user)) or True
                if request.path.endswith("/users/acme")
                else pages(request)
            )
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


class TestDoors:
    def test_from_the_page_to_the_repositories(
        self, client: Client, alice: User, fake: Fake
    ) -> None:
        client.force_login(alice)
        wanted = {"kind": "github", "url": fake.base, "token": TOKEN}
        answer = client.post("/code-hosts/", wanted, follow=True)
        assert "A token is stored" in answer.text
        assert TOKEN not in answer.text
        host = answer.redirect_chain[-1][0]
        form = {"namespace": "acme", "patterns": "r*\n!r3", "visibility": "internal"}
        answer = client.post(host, form, follow=True)
        page = answer.redirect_chain[-1][0]
        assert "is being asked" in answer.text
        tasks.sync_imports()
        preview = client.get(page).text
        assert "acme/r2" in preview
        assert "acme/r3" not in preview
        assert "Start import" in preview
        assert names() == []
        client.post(f"{page}start")
        tasks.sync_imports()
        assert names() == ["r1", "r2"]
        assert "2 registered here" in client.get(page).text
        assert "2 repositories" in client.get("/code-hosts/").text
        assert client.post(f"{page}remove").status_code == 302
        assert names() == ["r1", "r2"]

    def test_over_rest(self, client: Client, alice: User, fake: Fake) -> None:
        client.force_login(alice)
        post = partial(client.post, content_type="application/json")
        host = post("/api/v1/code-hosts", {"kind": "github", "url": fake.base, "token": TOKEN})
        assert host.status_code == 201
        assert TOKEN not in host.text
        wanted = {"host": host.json()["id"], "namespace": "acme", "topics": [], "forks": True}
        row = post("/api/v1/imports", wanted)
        assert row.status_code == 201
        address = f"/api/v1/imports/{row.json()['id']}"
        tasks.sync_imports()
        assert client.get(address).json()["names"] == ["acme/r1", "acme/r2", "acme/r3"]
        assert post(f"{address}/start").json()["started"] is True
        tasks.sync_imports()
        assert len(names()) == 3
        assert post(f"{address}/confirm").status_code == 200
        assert post("/api/v1/imports", wanted | {"namespace": "a b"}).status_code == 400
        assert post("/api/v1/imports", wanted | {"host": "x"}).status_code == 400
        assert post("/api/v1/imports", wanted).status_code == 400  # is imported already
        assert client.delete(address).status_code == 204

    def test_others_see_and_change_nothing_of_it(
        self, client: Client, alice: User, bob: User, fake: Fake
    ) -> None:
        row = importing(fake, alice)
        import_id, host_id = (
            ids.opaque(ids.Row.IMPORT, row.pk), ids.opaque(ids.Row.CODE_HOST, row.host_id)
        )  # fmt: skip
        client.force_login(bob)
        assert fake.base not in client.get("/code-hosts/").text
        assert client.get("/api/v1/imports").json() == client.get("/api/v1/code-hosts").json() == []
        wanted = {"host": host_id, "namespace": "other"}
        answer = client.post("/api/v1/imports", wanted, content_type="application/json")
        assert (answer.status_code, list(answer.json()["errors"])) == (400, ["host"])
        for what in ("start", "confirm", "remove"):
            assert client.post(f"/code-hosts/imports/{import_id}/{what}").status_code == 404

    def test_administrators_alone_import_unless_the_settings_say_so(
        self, client: Client, alice: User, settings: Any
    ) -> None:
        settings.CODEINDEX_IMPORTS_BY = "administrators"
        client.force_login(alice)
        wanted = {"kind": "github", "url": "https://github.com"}
        assert client.get("/code-hosts/").status_code == 403
        assert client.post("/code-hosts/", wanted).status_code == 403
        rest = client.post("/api/v1/code-hosts", wanted, content_type="application/json")
        assert rest.status_code == 403
        assert "Code hosts" not in client.get("/repositories/").text
        client.force_login(User.objects.create_superuser("root"))
        assert client.post("/code-hosts/", wanted).status_code == 302

    @pytest.mark.parametrize(
        ("wanted", "field"),
        [
            ({"url": "/etc"}, "url"),
            ({"url": "ssh://git@host/x"}, "url"),
            ({"url": "https://user:pass@host.example"}, "url"),
            ({"url": "https://host.example?token=x"}, "url"),
            ({"url": "gopher://host"}, "url"),
            ({"token": "two words"}, "token"),
            ({"token": "é"}, "token"),
        ],
    )
    def test_what_cannot_be_a_code_host_is_refused(
        self, alice: User, wanted: dict[str, str], field: str
    ) -> None:
        with pytest.raises(ValidationError) as refusal:
            imports.add_host(alice, **({"kind": "github", "url": "https://github.com"} | wanted))
        assert list(refusal.value.message_dict) == [field]

"""Who may read a repository at its code host may find it here, and nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, Group, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from codeindex import tasks
from codeindex.integrations import imports, permissions
from codeindex.models import (
    AuditRecord,
    HostKind,
    HostReader,
    ImportedRepository,
    Repository,
    SignOnIdentity,
)
from codeindex.web import audience
from tests.codeindex.integrations import fake_hosts
from tests.codeindex.integrations.fake_hosts import Fake, Person, Repo, Team
from tests.codeindex.integrations.importing import status
from tests.codeindex.integrations.reading import BOB, CHARLIE, ask, following, seen, verified

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("inside_network", "single_sign_on", "read_by_bob"),
]


@pytest.fixture(params=[HostKind.GITHUB, HostKind.GITLAB, HostKind.GITEA])
def each_fake(request: Any) -> Iterator[Fake]:
    """A host of each kind: Bob may read r1, Charlie r1 and r2, and nobody r3."""
    repos = [Repo(1, "acme/r1", readers=[BOB, CHARLIE]), Repo(2, "acme/r2", readers=[CHARLIE])]
    repos.append(Repo(3, "acme/r3"))
    with fake_hosts.serving(Fake(request.param, {"acme": repos})) as serving:
        yield serving


class TestReaders:
    def test_find_what_they_may_read_there(
        self, alice: User, bob: User, charlie: User, each_fake: Fake
    ) -> None:
        row = following(each_fake, alice)
        assert seen(bob) == seen(charlie) == []
        assert ask(row).error == ""
        assert (seen(bob), seen(charlie)) == (["r1"], ["r1", "r2"])
        assert seen(AnonymousUser()) == seen(User.objects.create_user("dora")) == []
        assert not Repository.objects.managed_by(bob).exists()

    def test_a_removed_reader_finds_it_no_longer(
        self, alice: User, bob: User, charlie: User, each_fake: Fake
    ) -> None:
        row = following(each_fake, alice)
        ask(row)
        each_fake.organisations["acme"][0].readers = [BOB]
        ask(row)
        assert (seen(bob), seen(charlie)) == (["r1"], ["r2"])
        told = AuditRecord.objects.filter(action="readers_changed", subject="alice/r1")
        details = list(told.order_by("pk").values_list("details", flat=True))
        assert details == ["+bob, +charlie", "−charlie"]

    def test_of_an_import_that_is_followed_no_longer(
        self, alice: User, bob: User, fake: Fake
    ) -> None:
        row = following(fake, alice)
        ask(row)
        imports.follow_host(row, False, by=alice)
        assert seen(bob) == []
        imports.follow_host(row, True, by=alice)
        assert seen(bob) == []  # until the host has been asked again
        ask(row)
        assert seen(bob) == ["r1"]
        imports.remove_import(row, by=alice)
        assert (seen(bob), seen(alice)) == ([], ["r1"])

    def test_of_two_hosts(self, alice: User, bob: User, charlie: User, fake: Fake) -> None:
        other = Fake(HostKind.GITLAB, {"acme": [Repo(1, "acme/q1", readers=[CHARLIE])]})
        with fake_hosts.serving(other):
            rows = [following(fake, alice), following(other, alice)]
            for row in rows:
                ask(row)
            assert (seen(bob), seen(charlie)) == (["r1"], ["q1"])
            other.failing = status(401)
            fake.organisations["acme"][0].readers = []
            for row in rows:
                ask(row)
            assert (seen(bob), seen(charlie)) == ([], ["q1"])

    def test_thousands_on_many_pages(self, alice: User, bob: User, settings: Any) -> None:
        crowd = [Person(number, f"p{number}") for number in range(100, 3_100)]
        host = Fake(HostKind.GITLAB, {"acme": [Repo(1, "acme/r1", readers=[*crowd, BOB])]})
        with fake_hosts.serving(host):
            settings.CODEINDEX_OIDC_URL = host.base
            verified(bob, uid="7", provider=host.base)
            ask(following(host, alice))
        assert seen(bob) == ["r1"]
        assert sum("members" in path for path in host.asked) == 31

    def test_what_is_shared_here_comes_on_top(
        self, alice: User, charlie: User, team: Group, fake: Fake
    ) -> None:
        dora = User.objects.create_user("dora")
        dora.groups.add(team)
        ask(following(fake, alice, team=team))
        Repository.objects.get().people.add(charlie)
        assert seen(dora) == seen(charlie) == ["r1"]

    def test_many_repositories_are_asked_for_in_turn(
        self, alice: User, bob: User, fake: Fake
    ) -> None:
        fake.organisations["acme"] = [
            Repo(number, f"acme/r{number}", readers=[BOB]) for number in range(1, 61)
        ]
        row = following(fake, alice)
        ask(row)
        assert len(seen(bob)) == permissions.BATCH
        tasks.sync_permissions()
        assert len(seen(bob)) == 60
        assert not permissions.is_due()
        assert sum("/users/bobby" in path for path in fake.asked) == 1


class TestIdentities:
    @pytest.mark.parametrize("kind", [HostKind.GITLAB, HostKind.GITEA])
    def test_the_provider_s_own_id_counts_where_it_is_the_host(
        self, alice: User, bob: User, charlie: User, settings: Any, kind: HostKind
    ) -> None:
        with fake_hosts.serving(Fake(kind, {"acme": [Repo(1, "acme/r1", readers=[BOB])]})) as host:
            settings.CODEINDEX_OIDC_URL = f"{host.base}/.well-known/openid-configuration"
            verified(bob, uid="7", provider=settings.CODEINDEX_OIDC_URL)
            verified(charlie, "bob@example.org", uid="70", provider=settings.CODEINDEX_OIDC_URL)
            ask(following(host, alice))
        assert (seen(bob), seen(charlie)) == (["r1"], [])

    def test_names_and_unverified_addresses_prove_nothing(self, alice: User, fake: Fake) -> None:
        person = Person(9, "dora", "dora@example.org")
        fake.organisations["acme"][0].readers = [person]
        dora = User.objects.create_user("dora", "dora@example.org")
        verified(dora)
        verified(User.objects.create_user("x"), "dora@example.org", provider="https://former")
        ask(following(fake, alice))
        assert not HostReader.objects.exists()

    def test_an_address_of_two_users_is_nobody_s(
        self, alice: User, bob: User, charlie: User, fake: Fake
    ) -> None:
        SignOnIdentity.objects.filter(account__user=charlie).update(email="bob@example.org")
        ask(following(fake, alice))
        assert seen(bob) == seen(charlie) == []

    @pytest.mark.parametrize("kind", [HostKind.GITLAB, HostKind.GITEA])
    def test_addresses_that_the_token_may_not_see_match_nobody(
        self, alice: User, bob: User, kind: HostKind
    ) -> None:
        repos = [Repo(1, "acme/r1", readers=[BOB])]
        with fake_hosts.serving(Fake(kind, {"acme": repos}, is_administrator=False)) as host:
            assert ask(following(host, alice)).error == ""
        assert seen(bob) == []

    def test_a_name_that_became_another_repository_s_gives_nothing_away(
        self, alice: User, bob: User, fake: Fake
    ) -> None:
        row = following(fake, alice)
        fake.organisations["acme"] = [Repo(2, "acme/r1", readers=[BOB])]
        assert "another repository under this name" in ask(row).error
        assert seen(bob) == []


class TestRoles:
    @pytest.mark.parametrize(
        ("kind", "role", "visibility", "reads"),
        [
            (HostKind.GITHUB, "none", "private", False),
            (HostKind.GITLAB, "guest", "private", False),
            (HostKind.GITLAB, "guest", "internal", True),
            (HostKind.GITLAB, "minimal", "internal", False),
            (HostKind.GITLAB, "owner", "private", True),
        ],
    )
    def test_decide_who_reads_code(
        self, alice: User, bob: User, kind: HostKind, role: str, visibility: str, reads: bool
    ) -> None:
        person = Person(BOB.id, BOB.login, BOB.email, role)
        repos = [Repo(1, "acme/r1", readers=[person], visibility=visibility)]
        with fake_hosts.serving(Fake(kind, {"acme": repos})) as host:
            ask(following(host, alice))
        assert bool(seen(bob)) == reads

    def test_a_blocked_account_reads_nothing(self, alice: User, bob: User) -> None:
        blocked = Person(BOB.id, BOB.login, BOB.email, is_active=False)
        repos = [Repo(1, "acme/r1", readers=[blocked])]
        with fake_hosts.serving(Fake(HostKind.GITLAB, {"acme": repos})) as host:
            ask(following(host, alice))
        assert seen(bob) == []

    def test_teams_of_gitea_that_read_code(self, alice: User, bob: User, charlie: User) -> None:
        teams = [
            Team(1, [BOB]), Team(2, [CHARLIE], permission="none"), Team(3, [CHARLIE], code="none")
        ]  # fmt: skip
        repos = [Repo(1, "acme/r1", teams=teams), Repo(2, "acme/r2", teams=teams)]
        host = Fake(
            HostKind.GITEA, {"acme": repos}, {"jo": [Repo(3, "jo/dots", readers=[CHARLIE])]}
        )
        with fake_hosts.serving(host):
            ask(following(host, alice))
            ask(following(host, alice, namespace="jo"))
        assert (seen(bob), seen(charlie)) == (["r1", "r2"], ["dots"])
        assert sum(path.startswith("/api/v1/teams/1/") for path in host.asked) == 1

    @pytest.mark.parametrize(
        ("visibility", "stranger", "anonymous"),
        [("private", False, False), ("internal", True, False), ("public", True, True)],
    )
    @pytest.mark.parametrize("kind", [HostKind.GITHUB, HostKind.GITLAB, HostKind.GITEA])
    def test_what_is_public_there_is_as_visible_as_the_import_says(
        self, alice: User, bob: User, charlie: User, kind: HostKind, visibility: str,
        stranger: bool, anonymous: bool,
    ) -> None:  # fmt: skip
        repos = [Repo(1, "acme/r1", readers=[BOB], visibility="public"), Repo(2, "acme/r2")]
        with fake_hosts.serving(Fake(kind, {"acme": repos})) as host:
            row = following(host, alice, visibility=visibility)
            ask(row)
            assert seen(bob) == ["r1"]
            assert (bool(seen(charlie)), bool(seen(AnonymousUser()))) == (stranger, anonymous)
            repos[0].visibility = "private"
            ask(row)
        assert (seen(bob), seen(charlie), seen(AnonymousUser())) == (["r1"], [], [])


BAD_ANSWERS = [
    (status(401), "expired or was revoked"),
    (status(403), "may not list who can read"),
    (status(404), "no such repository any more"),
    (status(500), "server error (500)"),
    (status(200, {"Content-Type": "text/html"}, b"<html>Sign in</html>"), "than JSON"),
    (status(302, {"Location": "http://127.0.0.1:1/"}), "redirects to another"),
    (status(200, body=[]), "not what was asked for"),
    (status(200, body={"id": 1, "full_name": "acme/r1"}), "not the list"),
    (status(429, {"Retry-After": "1200"}), "too many requests"),
]


class TestFailures:
    @pytest.mark.parametrize(("answer", "reason"), BAD_ANSWERS)
    def test_close_it_after_a_while(
        self, client: Client, alice: User, bob: User, fake: Fake, answer: Any, reason: str
    ) -> None:
        row = following(fake, alice)
        ask(row)
        shop = Repository.objects.with_audience().get()
        host = fake.base.removeprefix("http://")
        assert (
            audience.describe(shop) == f"alice, those who may read it at {host}, and administrators"
        )
        fake.failing = answer
        state = ask(row)
        assert reason in state.error
        assert state.due
        assert state.due > timezone.now() + timedelta(minutes=4)
        client.force_login(alice)
        assert reason in client.get(reverse("import", args=[row.pk])).text
        assert seen(bob) == ["r1"]
        day_ago = timezone.now() - timedelta(hours=24, seconds=1)
        ImportedRepository.objects.update(readers_known=day_ago)
        assert (seen(bob), seen(alice)) == ([], ["r1"])
        assert seen(User.objects.create_superuser("root")) == ["r1"]
        page = client.get(reverse("repository", args=[shop.pk])).text
        assert f"alice and administrators. {host} has not said lately who else may read it" in page
        fake.failing = lambda _: False
        assert ask(row).error == ""
        assert seen(bob) == ["r1"]

    def test_of_one_repository_leave_the_others_alone(
        self, alice: User, bob: User, fake: Fake
    ) -> None:
        fake.organisations["acme"] = [Repo(each, f"acme/r{each}", readers=[BOB]) for each in (1, 2)]
        row = following(fake, alice)
        fake.failing = lambda request: "r1/" in request.path and status(500)(request)
        assert ask(row).error == ""
        assert seen(bob) == ["r2"]
        link = ImportedRepository.objects.get(full_name="acme/r1")
        assert "server error" in link.readers_error

    def test_a_host_that_fails_again_and_again_is_left_alone(self, alice: User, fake: Fake) -> None:
        fake.organisations["acme"] = [Repo(each, f"acme/r{each}") for each in range(1, 20)]
        row = following(fake, alice)
        fake.asked.clear()
        asked: list[str] = []
        fake.failing = lambda request: asked.append(request.path) or status(502)(request)
        assert "server error" in ask(row).error
        assert len(asked) == permissions.FAILURES_IN_A_ROW

    def test_a_next_page_at_another_address_is_not_asked_for(
        self, alice: User, bob: User, fake: Fake
    ) -> None:
        row = following(fake, alice)
        with fake_hosts.serving(Fake(HostKind.GITHUB)) as other:
            link = {"Link": f'<{other.base}/api/v3/x>; rel="next"'}
            listed = status(200, link, [])
            fake.failing = lambda request: "collaborators" in request.path and listed(request)
            assert "another address" in ask(row).error
            assert (other.asked, seen(bob)) == ([], [])

    def test_a_deactivated_owner_s_token_asks_nothing(self, alice: User, fake: Fake) -> None:
        following(fake, alice)
        User.objects.filter(pk=alice.pk).update(is_active=False)
        assert not permissions.is_due()

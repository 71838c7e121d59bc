"""All repositories of a namespace are listed, as each kind of code host does it, and filtered."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from codeindex import credentials
from codeindex.integrations import imports, listings
from codeindex.integrations.imports import Filters
from codeindex.models import (
    Branch,
    HostKind,
    IndexRun,
    Repository,
)
from tests.codeindex.integrations import fake_hosts
from tests.codeindex.integrations.fake_hosts import Fake, Repo
from tests.codeindex.integrations.importing import (
    TOKEN,
    acme,
    added,
    importing,
    names,
    sync,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("inside_network")]


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
            (HostKind.BITBUCKET_SERVER, "", f"Bearer {TOKEN}", f"x-token-auth:{TOKEN}"),
            (HostKind.BITBUCKET_SERVER, "jo", f"Bearer {TOKEN}", f"jo:{TOKEN}"),
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

    def test_a_personal_project_and_a_fork_of_bitbucket_s_server(self, alice: User) -> None:
        repos = [Repo(1, "~jo/dots"), Repo(2, "~jo/fork", fork=True)]
        with fake_hosts.serving(Fake(HostKind.BITBUCKET_SERVER, {"~jo": repos})) as fake:
            row = sync(importing(fake, alice, namespace="~jo"))
        assert (row.error, row.listed, names()) == ("", 2, ["dots"])


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

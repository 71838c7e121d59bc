"""Folders as pages: what lies in them, indexed or not, and for whom."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from codeindex.models import Commit, Repository, SkippedFiles
from tests import shelf
from tests.search.addresses.test_reading import publish
from tests.search.web.test_files import main, text
from tests.shelf import Written

COMMIT = "c0ffee" * 6


@pytest.fixture
def shop(alice: User) -> Repository:
    made = shelf.repository(alice)
    for path in ("a.py", "src/b.py", "src/deep/c.py", "srcs.py"):
        shelf.put(made, path, Written(f"def f():\n    return {path!r}\n", "f"))
    run = made.branches.get().live_run
    SkippedFiles.objects.create(
        run=run, reason="vendored, by path", paths=["vendor/x.js", "src/vendor/y.js"]
    )
    SkippedFiles.objects.create(run=run, reason="binary", paths=["src/logo.png"])
    return made


@pytest.fixture
def signed(client: Client, alice: User) -> Client:
    client.force_login(alice)
    return client


class TestFolder:
    def test_lists_what_lies_in_it(self, signed: Client, shop: Repository) -> None:
        page = text(signed, "/r/alice/shop/")
        names = [f">{name}<" in page for name in ("src/", "vendor/", "a.py", "srcs.py")]
        assert names == [True] * 4
        assert page.index(">vendor/<") < page.index(">a.py<")
        assert "b.py" not in page

    def test_names_files_that_are_not_indexed(self, signed: Client, shop: Repository) -> None:
        page = text(signed, "/r/alice/shop/src/")
        assert "not indexed: binary" in page
        assert 'href="/r/alice/shop/src/vendor/"' in page
        assert "srcs.py" not in page
        inside = text(signed, "/r/alice/shop/vendor/")
        assert "x.js" in inside
        assert "not indexed: vendored, by path" in inside

    def test_links_keep_the_ref_of_the_address(self, signed: Client, shop: Repository) -> None:
        page = text(signed, f"/r/alice/shop@{COMMIT}/src/")
        assert f'href="/r/alice/shop@{COMMIT}/src/b.py"' in page
        assert f'href="/r/alice/shop@{COMMIT}/"' in page

    def test_an_address_without_the_slash_leads_to_it(
        self, signed: Client, shop: Repository
    ) -> None:
        answer = signed.get("/r/alice/shop/src/deep")
        assert (answer.status_code, answer["Location"]) == (302, "/r/alice/shop/src/deep/")

    def test_shows_its_readme(self, signed: Client, shop: Repository) -> None:
        source = "# Shop\n\nSee [the loader](src/b.py).\n"
        shelf.put_source(shop, "README.md", source)
        page = text(signed, "/r/alice/shop/")
        assert '<h2 id="doc-shop">Shop</h2>' in page
        assert '<a href="/r/alice/shop/src/b.py">the loader</a>' in page

    def test_names_the_latest_commit(self, signed: Client, shop: Repository) -> None:
        Commit.objects.create(
            repository=shop, sha=COMMIT, author="Ann", subject="Sell", authored=timezone.now()
        )
        assert "Latest commit by Ann" in text(signed, "/r/alice/shop/src/")

    def test_one_that_is_not_there_says_so(self, signed: Client, shop: Repository) -> None:
        assert "There is no folder" in text(signed, "/r/alice/shop/none/", 404)
        assert "not an indexed branch or commit" in text(signed, "/r/alice/shop@none/src/", 404)
        publish(shop)
        assert "is no longer indexed" in text(signed, f"/r/alice/shop@{COMMIT}/src/", 410)

    def test_a_stranger_learns_nothing(
        self, client: Client, charlie: User, shop: Repository
    ) -> None:
        client.force_login(charlie)
        unknown = client.get("/r/alice/none/")
        for address in ("/r/alice/shop/", "/r/alice/shop/src/", f"/r/alice/shop@{COMMIT}/"):
            hidden = client.get(address)
            assert (hidden.status_code, main(hidden)) == (404, main(unknown)), address

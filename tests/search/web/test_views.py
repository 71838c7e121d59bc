from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from codeindex.models import (
    Definition,
    Embedding,
    Repository,
    SourceFile,
    Space,
    SpaceState,
    Visibility,
)
from tests import shelf
from tests.shelf import Written


@pytest.fixture
def shop(alice: User, team: Group) -> Repository:
    return shelf.repository(alice, "shop", teams=[team])


@pytest.fixture
def load(shop: Repository) -> tuple[SourceFile, Definition]:
    written = Written("def load(csv):\n    return '<b>'", "load", docstring="Reads <i>it</i>.")
    return shelf.put(shop, "src/load.py", written)


def page(client: Client, address: str, status: int = 200) -> str:
    """The page, without the token that is another in each."""
    response = client.get(address)
    assert response.status_code == status
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", response.content.decode())


def file_page(file: SourceFile) -> str:
    return reverse("file", args=[file.pk])


def definition_page(file: SourceFile, definition: Definition) -> str:
    return reverse("definition", args=[file.pk, definition.pk])


class TestSearch:
    def test_the_first_page_is_a_box(self, client: Client, alice: User) -> None:
        client.force_login(alice)
        assert 'name="q"' in page(client, "/")

    def test_results_show_code_escaped_and_where_it_is(
        self, client: Client, alice: User, load: tuple[SourceFile, Definition]
    ) -> None:
        client.force_login(alice)
        shown = page(client, "/?q=load+a+csv")
        assert "src/load.py:1–2" in shown
        assert "Reads &lt;i&gt;it&lt;/i&gt;." in shown
        assert "&lt;b&gt;" in shown
        assert "<b>" not in shown
        assert f'href="{definition_page(*load)}?q=load%20a%20csv"' in shown

    def test_the_query_comes_back_escaped(self, client: Client, alice: User) -> None:
        client.force_login(alice)
        shown = page(client, "/?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E")
        assert "<script>alert" not in shown

    @pytest.mark.parametrize(
        ("address", "status", "reason"),
        [
            ("/?q=%00", 400, "Null characters"),
            (f"/?q={'x' * 3000}", 400, "3,000 characters"),
            ("/?q=x&limit=0", 400, "from 1 to 200"),
            ("/?q=x&limit=many", 400, "from 1 to 200"),
            ("/?q=x&repository=none", 404, "There is no repository none."),
        ],
    )
    def test_a_bad_query_gets_the_reason(
        self, client: Client, db: None, address: str, status: int, reason: str
    ) -> None:
        assert reason in page(client, address, status)

    def test_more_results_can_be_asked_for(
        self, client: Client, alice: User, shop: Repository
    ) -> None:
        for number in range(12):
            shelf.put(shop, f"{number}.py", Written(f"def csv{number}(): csv", f"csv{number}"))
        client.force_login(alice)
        first = page(client, "/?q=csv")
        assert first.count('class="card result"') == 10
        (further,) = re.findall(r'href="(\?[^"]+)" data-more', first)
        more = page(client, "/" + further.replace("&amp;", "&"))
        assert more.count('class="card result"') == 2
        assert '<ol class="results" start="11">' in more
        assert "Show more" not in more

    def test_a_facet_narrows_the_search_and_shows_what_is_chosen(
        self, client: Client, alice: User, shop: Repository
    ) -> None:
        shelf.put(shop, "src/a.py", Written("def csv(): ...", "csv"))
        shelf.put(shop, "tests/test_a.py", Written("def test_csv(): ...", "test_csv"))
        client.force_login(alice)
        first = page(client, "/?q=csv&limit=5")
        assert 'href="?q=csv&amp;label=test"' in first
        assert "Counted in all 2 results." in first
        narrowed = page(client, "/?q=csv&label=test&lang=python")
        assert "tests/test_a.py" in narrowed
        assert "src/a.py" not in narrowed
        assert 'href="?q=csv&amp;lang=python" aria-label="Remove the filter label:test"' in narrowed

    def test_a_docstring_that_the_code_shows_is_not_repeated(
        self, client: Client, alice: User, shop: Repository
    ) -> None:
        shown = Written('def csv():\n    """Reads `rows`."""', "csv", docstring="Reads `rows`.")
        above = Written("function table() {}", "table", docstring="Writes `rows` and ``a`b``.")
        shelf.put(shop, "a.py", shown)
        shelf.put(shop, "b.js", above)
        client.force_login(alice)
        assert '<p class="docstring">' not in page(client, "/?q=csv")
        assert "Writes <code>rows</code> and <code>a`b</code>." in page(client, "/?q=table")

    def test_pasted_code_keeps_its_lines_and_leads_to_similar_code(
        self, client: Client, alice: User
    ) -> None:
        client.force_login(alice)
        shown = page(client, "/?q=def+f():%0D%0A++++pass")
        assert ">\ndef f():\r\n    pass</textarea>" in shown
        assert 'href="/similar/?code=def+f%28%29%3A%0A++++pass"' in shown
        assert "Find similar code" not in page(client, "/?q=pass")

    def test_a_search_asks_the_database_as_often_for_many_results_as_for_few(
        self, client: Client, alice: User, shop: Repository
    ) -> None:
        for number in range(12):
            shelf.put(shop, f"{number}.py", Written(f"def csv{number}(): csv", f"csv{number}"))
        client.force_login(alice)
        page(client, "/?q=csv&limit=50")  # what is cached from now on
        counts = []
        for limit in (2, 12):
            with CaptureQueriesContext(connection) as asked:
                page(client, f"/?q=csv&limit={limit}")
            counts.append(len(asked))
        assert counts[0] == counts[1] < 30

    def test_pages_are_compressed(self, client: Client, alice: User) -> None:
        answer = client.get("/", headers={"Accept-Encoding": "gzip"})
        assert answer.headers["Content-Encoding"] == "gzip"

    def test_says_what_to_do_where_nothing_is_indexed(self, client: Client, alice: User) -> None:
        assert "Sign in" in page(client, "/")
        client.force_login(alice)
        assert reverse("register") in page(client, "/")
        assert reverse("register") in page(client, "/?q=anything")


class TestDefinition:
    def test_shows_the_definition(
        self, client: Client, alice: User, space: Space, shop: Repository
    ) -> None:
        written = Written(
            "def load(csv):\n    pass", "load", (1, 0, 0, 0), predicted_names=(("readTable", 0.75),)
        )
        file, definition = shelf.put(shop, "src/load.py", written)
        client.force_login(alice)
        shown = page(client, definition_page(file, definition))
        assert "readTable" in shown
        assert "0.75" in shown
        assert "The name disagrees with the code" in shown
        assert f'href="{file_page(file)}#L1-L2"' in shown

    def test_a_name_that_is_predicted_does_not_disagree(
        self, client: Client, alice: User, space: Space, shop: Repository
    ) -> None:
        names = (("readTable", 0.75), ("loadTable", 0.4))
        written = Written("def load(csv):\n    pass", "load", (1, 0, 0, 0), predicted_names=names)
        file, definition = shelf.put(shop, "src/load.py", written)
        client.force_login(alice)
        assert "disagrees" not in page(client, definition_page(file, definition))

    def test_says_what_the_language_model_has_not_read(
        self, client: Client, alice: User, space: Space, shop: Repository
    ) -> None:
        written = Written("def load(csv):\n    pass", "load", (1, 0, 0, 0))
        file, definition = shelf.put(shop, "src/load.py", written)
        address, sentence = definition_page(file, definition), "The language model reads"
        client.force_login(alice)
        assert sentence not in page(client, address)
        Embedding.objects.update(reason="its last 1,200 tokens are not read")
        assert "definition: its last 1,200 tokens are not read." in page(client, address)
        Space.objects.update(state=SpaceState.RETIRED)
        assert sentence not in page(client, address)

    def test_its_file_shows_all_definitions(
        self, client: Client, alice: User, load: tuple[SourceFile, Definition]
    ) -> None:
        client.force_login(alice)
        shown = page(client, file_page(load[0]))
        assert 'id="L2"' in shown
        assert f'href="{definition_page(*load)}"' in shown

    def test_a_skipped_file_says_why(
        self, client: Client, alice: User, load: tuple[SourceFile, Definition]
    ) -> None:
        load[0].blob.skipped = "generated"
        load[0].blob.save()
        client.force_login(alice)
        assert "This file is not indexed: generated." in page(client, file_page(load[0]))

    def test_a_definition_of_another_file_is_not_there(
        self, client: Client, alice: User, shop: Repository, load: tuple[SourceFile, Definition]
    ) -> None:
        other, _ = shelf.put(shop, "other.py", Written("def other(): ...", "other"))
        client.force_login(alice)
        page(client, definition_page(other, load[1]), 404)


class TestHidden:
    """Nothing of Alice's repository shows to Charlie."""

    @pytest.fixture
    def pages(self, load: tuple[SourceFile, Definition]) -> list[str]:
        return [file_page(load[0]), definition_page(*load)]

    def test_ids_grant_nothing(
        self, client: Client, alice: User, bob: User, charlie: User, pages: list[str]
    ) -> None:
        for user, status in ((alice, 200), (bob, 200), (charlie, 404)):
            client.force_login(user)
            for address in pages:
                page(client, address, status)
        client.logout()
        for address in pages:
            page(client, address, 404)

    def test_old_files_are_gone(
        self, client: Client, alice: User, load: tuple[SourceFile, Definition], pages: list[str]
    ) -> None:
        SourceFile.objects.filter(pk=load[0].pk).update(live=False)
        client.force_login(alice)
        for address in pages:
            page(client, address, 404)

    def test_a_search_tells_nothing(
        self, client: Client, charlie: User, load: tuple[SourceFile, Definition]
    ) -> None:
        client.force_login(charlie)
        for address in ("/", "/?q=load+csv", "/?q=load"):
            shown = page(client, address)
            assert "src/load.py" not in shown
            assert "shop" not in shown
        hidden = page(client, "/?q=load&repository=shop", 404)
        unknown = page(client, "/?q=load&repository=none", 404)
        assert hidden.replace("shop", "none") == unknown

    def test_places_of_the_same_code_elsewhere_are_not_told(
        self, client: Client, charlie: User, load: tuple[SourceFile, Definition]
    ) -> None:
        own = shelf.repository(charlie, "own")
        written = Written("def load(csv):\n    return '<b>'", "load", docstring="Reads <i>it</i>.")
        file, definition = shelf.put(own, "copy.py", written)
        assert definition == load[1]
        client.force_login(charlie)
        for address in (definition_page(file, definition), "/?q=load", file_page(file)):
            shown = page(client, address)
            assert "copy.py" in shown
            assert "src/load.py" not in shown
            assert "other place" not in shown

    def test_public_code_needs_no_account(
        self, client: Client, shop: Repository, pages: list[str]
    ) -> None:
        Repository.objects.filter(pk=shop.pk).update(visibility=Visibility.PUBLIC)
        for address in [*pages, "/?q=load"]:
            assert "src/load.py" in page(client, address)

"""Files at addresses that stay valid, as pages and over REST; and what became of old ones."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client

from codeindex.models import Definition, Repository, SourceFile
from tests import shelf
from tests.search.addresses.test_reading import NEW, publish
from tests.shelf import Written

COMMIT = "c0ffee" * 6
FILES = "/api/v1/files"

ODD = ["a b.py", "100%.py", "ü/名.py", "#1?.py", "a@b/c.py", "a\nb.py", '"<a>&.py']


@pytest.fixture
def shop(alice: User) -> Repository:
    made = shelf.repository(alice)
    Repository.objects.update(url="https://github.com/acme/shop.git")
    return made


@pytest.fixture
def put(shop: Repository) -> tuple[SourceFile, Definition]:
    return shelf.put(shop, "a.py", Written("def f(csv):\n    one\n    two\n", "f"))


@pytest.fixture
def signed(client: Client, alice: User) -> Client:
    client.force_login(alice)
    return client


def text(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, answer.content
    return answer.content.decode()


def read(client: Client, status: int = 200, **parameters: str) -> dict[str, Any]:
    answer = client.get(FILES, {"repo": "alice/shop", "path": "a.py", **parameters})
    assert answer.status_code == status, answer.content
    return answer.json()


def main(answer: HttpResponse) -> str:
    """What a page says, without its menu, which has a token, and the address that was asked for."""
    return re.sub(r"\?next=[^\"]+", "", answer.content.decode().partition("<main")[2])


class TestPage:
    def test_shows_the_file_with_its_commit_and_links(
        self, signed: Client, put: tuple[SourceFile, Definition]
    ) -> None:
        for ref in ("", "@c0ffeec", f"@{COMMIT}"):
            page = text(signed, f"/r/alice/shop{ref}/a.py")
            assert f'href="/r/alice/shop@{COMMIT}/a.py"' in page
            assert f'href="https://github.com/acme/shop/blob/{COMMIT}/a.py"' in page
            assert ">c0ffeec0ff</a>, indexed <time" in page

    def test_marks_lines(self, signed: Client, put: tuple[SourceFile, Definition]) -> None:
        page = text(signed, "/r/alice/shop/a.py?lines=2-3")
        assert page.count('class="marked"') == 2
        assert '<a id="L2" href="#L2" class="marked">' in page
        assert "is not a range of lines" in text(signed, "/r/alice/shop/a.py?lines=x", 400)
        assert "The file has 3 lines." in text(signed, "/r/alice/shop/a.py?lines=9", 400)

    @pytest.mark.parametrize("path", ODD)
    def test_whatever_the_path_holds(self, signed: Client, shop: Repository, path: str) -> None:
        shelf.put(shop, path, Written("def f(): odd"))
        told = read(signed, path=path)
        assert told["path"] == path
        link = urlsplit(told["permalink"])
        assert unquote(link.path) == f"/r/alice/shop@{COMMIT}/{path}"
        assert (link.query, link.fragment) == ("", "")
        assert "odd" in text(signed, link.path)

    def test_a_repository_alone_leads_to_its_page(self, signed: Client, shop: Repository) -> None:
        assert signed.get("/r/alice/shop").url.startswith("/repositories/")  # type: ignore[attr-defined]

    def test_says_what_became_of_a_file(
        self, signed: Client, shop: Repository, put: tuple[SourceFile, Definition]
    ) -> None:
        publish(shop, a=Written("def f(): new"))
        now = SourceFile.objects.get(live=True)
        page = text(signed, f"/r/alice/shop@{COMMIT}/a.py", 410)
        assert "c0ffeec0ff is no longer indexed" in page
        assert "The file as it is now" in page
        assert "new" in text(signed, "/r/alice/shop/a.py")
        assert "not an indexed branch or commit" in text(signed, "/r/alice/shop@main/a.py", 404)
        publish(shop, "fedcba" * 6, a=None)
        assert "no longer exists as of commit fedcbafedc" in text(signed, "/r/alice/shop/a.py", 410)
        assert not SourceFile.objects.filter(live=True, pk=now.pk)

    def test_says_that_a_file_is_as_in_an_older_commit(
        self, signed: Client, shop: Repository, put: tuple[SourceFile, Definition]
    ) -> None:
        publish(shop)
        page = text(signed, f"/r/alice/shop@{COMMIT}/a.py")
        assert "This file has not changed since." in page
        assert f"/r/alice/shop@{NEW}/a.py" in page

    def test_a_stranger_learns_nothing(
        self, client: Client, charlie: User, shop: Repository, put: tuple[SourceFile, Definition]
    ) -> None:
        file, definition = put
        publish(shop, a=None)
        for sign_in in (lambda: None, lambda: client.force_login(charlie)):
            sign_in()
            unknown = client.get("/r/alice/none/a.py")
            assert unknown.status_code == 404
            for address in (
                "/r/alice/shop",
                "/r/alice/shop/a.py",
                f"/r/alice/shop@{COMMIT}/a.py",
                "/r/alice/shop@none/a.py",
                f"/files/{file.pk}/",
                f"/files/{file.pk}/{definition.pk}/",
                "/r/alice",
                "/r/%00",
                "/r/%ff/%ff",
            ):
                hidden = client.get(address)
                assert (hidden.status_code, main(hidden)) == (404, main(unknown)), address
            for ref in ("", "none", COMMIT):
                told = read(client, 404, ref=ref)
                assert told["detail"] == "There is no repository alice/shop."


class TestOldIds:
    PARTS = ("", "why/", "similar/", "references/")

    def test_lead_to_the_definition_as_it_is_now(
        self, signed: Client, shop: Repository, put: tuple[SourceFile, Definition]
    ) -> None:
        file, definition = put
        publish(shop, a=Written("def f(): new", "f"))
        now = SourceFile.objects.get(live=True)
        for part in self.PARTS:
            answer = signed.get(f"/files/{file.pk}/{definition.pk}/{part}?q=csv")
            assert answer.status_code == 302
            there = signed.get(answer.url)  # type: ignore[attr-defined]
            assert there.status_code == 200
            assert answer.url.endswith(f"/{part}?q=csv")  # type: ignore[attr-defined]
        assert "new" in text(signed, answer.url.replace("references/", ""))  # type: ignore[attr-defined]
        moved = signed.get(f"/files/{file.pk}/")
        assert "new" in text(signed, moved.url)  # type: ignore[attr-defined]
        assert signed.get(f"/files/{now.pk}/").status_code == 200

    def test_lead_to_the_file_to_which_it_has_moved(
        self, signed: Client, shop: Repository, put: tuple[SourceFile, Definition]
    ) -> None:
        file, definition = put
        publish(shop, a=Written("def g(): other", "g"))
        shelf.put(shop, "b.py", Written("def f(csv):\n    one\n    two\n", "f"))
        page = signed.get(f"/files/{file.pk}/{definition.pk}/", follow=True)
        assert page.status_code == 200
        assert "b.py" in page.content.decode()

    def test_say_that_it_is_gone(
        self, signed: Client, shop: Repository, put: tuple[SourceFile, Definition]
    ) -> None:
        file, definition = put
        publish(shop, a=Written("def g(): other", "g"))
        page = text(signed, f"/files/{file.pk}/{definition.pk}/", 410)
        assert "This definition no longer exists as of commit abcdefabcd." in page
        assert "The file as it is now" in page
        publish(shop, "fedcba" * 6, a=None)
        for part in ("", f"{definition.pk}/"):
            page = text(signed, f"/files/{file.pk}/{part}", 410)
            assert "This file no longer exists as of commit abcdefabcd." in page

    def test_never_lead_to_what_is_not_published(self, signed: Client, shop: Repository) -> None:
        file, definition = shelf.put(shop, "a.py", Written("def f(): ..."), live=False)
        for part in ("", f"{definition.pk}/"):
            text(signed, f"/files/{file.pk}/{part}", 404)


class TestREST:
    def test_reads_a_file(self, signed: Client, put: tuple[SourceFile, Definition]) -> None:
        file, _ = put
        told = read(signed)
        assert told["content"] == "def f(csv):\n    one\n    two"
        assert (told["lines"], told["start_line"], told["end_line"]) == (3, 1, 3)
        assert (told["owner"], told["repository"], told["commit"]) == ("alice", "shop", COMMIT)
        assert told["indexed"] == file.branch.live_run.published.isoformat()  # type: ignore[union-attr]
        assert told["permalink"] == f"http://testserver/r/alice/shop@{COMMIT}/a.py"
        assert told["host_link"] == f"https://github.com/acme/shop/blob/{COMMIT}/a.py"
        assert [each["qualified_name"] for each in told["definitions"]] == ["f"]
        assert told["skipped"] == ""

    def test_reads_lines(self, signed: Client, put: tuple[SourceFile, Definition]) -> None:
        told = read(signed, lines="2-3")
        assert (told["content"], told["start_line"], told["end_line"]) == ("    one\n    two", 2, 3)
        assert told["permalink"].endswith("/a.py#L2-L3")
        assert told["host_link"].endswith("/a.py#L2-L3")
        assert read(signed, lines="2-99")["end_line"] == 3
        assert read(signed, repo="shop", ref="c0ffeec")["lines"] == 3

    def test_says_what_is_wrong(
        self, signed: Client, shop: Repository, put: tuple[SourceFile, Definition]
    ) -> None:
        assert "repo" in read(signed, 400, repo="")["errors"]
        assert "path" in read(signed, 400, path="")["errors"]
        assert "lines" in read(signed, 400, lines="x")["errors"]
        assert "lines" in read(signed, 400, lines="9")["errors"]
        assert "There is no file" in read(signed, 404, path="none")["detail"]
        publish(shop, a=None)
        gone = read(signed, 410)
        assert gone["title"] == "Gone"
        assert "no longer exists as of commit abcdefabcd" in gone["detail"]

    def test_of_an_empty_file(self, signed: Client, shop: Repository) -> None:
        shelf.put(shop, "a.py", Written(""))
        told = read(signed)
        assert (told["content"], told["lines"], told["start_line"], told["end_line"]) == (
            "",
            0,
            1,
            0,
        )

    def test_every_answer_names_the_commit_and_has_links(
        self, signed: Client, shop: Repository
    ) -> None:
        shelf.space()
        near = Written("def f(): csv", "f", vector=(1, 0, 0, 0))
        file, definition = shelf.put(shop, "a.py", near)
        shelf.put(shop, "b.py", Written("def g(): csv", "g", vector=(1, 1, 0, 0)))
        shelf.put_source(shop, "c.py", "def h():\n    f()\n")
        ids = f"/api/v1/definitions/{definition.pk}"
        for address, name in (
            ("/api/v1/search?q=csv", "results"),
            ("/api/v1/lines?q=csv", "files"),
            (f"/api/v1/files/{file.pk}/{definition.pk}/similar", "results"),
            (f"{ids}/references", "references"),
            (f"{ids}/callers", "callers"),
        ):
            found = signed.get(address).json()[name]
            assert found, address
            for each in found:
                assert (each["commit"], each["owner"]) == (COMMIT, "alice")
                assert each["indexed"]
                assert each["permalink"].startswith(f"http://testserver/r/alice/shop@{COMMIT}/")
                assert each["host_link"].startswith("https://github.com/acme/shop/blob/")
                assert signed.get(urlsplit(each["permalink"]).path).status_code == 200

    def test_pages_name_the_commit_and_have_links(
        self, signed: Client, put: tuple[SourceFile, Definition]
    ) -> None:
        file, definition = put
        of_it = f"/files/{file.pk}/{definition.pk}/"
        for address in (
            "/?q=csv",
            "/lines/?q=csv",
            of_it,
            f"{of_it}why/",
            f"{of_it}similar/",
            f"{of_it}references/",
        ):
            page = text(signed, address)
            assert f'href="/r/alice/shop@{COMMIT}/a.py' in page, address
            assert 'href="https://github.com/acme/shop/blob/' in page, address
            assert ">c0ffeec0ff</a>, indexed <time" in page, address


def test_links_follow_the_template_of_the_repository(signed: Client, shop: Repository) -> None:
    shelf.put(shop, "a.py", Written("def f(): ...", "f"))
    settings = f"/api/v1/repositories/{shop.pk}/settings"

    def change(template: str) -> int:
        changed = signed.patch(settings, {"link_template": template}, "application/json")
        return changed.status_code

    assert change("https://see.example.org/{name}/{path}@{commit}") == 200
    assert signed.get(settings).json()["link_template"].startswith("https://see.example.org/")
    there = f"https://see.example.org/shop/a.py@{COMMIT}"
    assert read(signed)["host_link"] == there
    assert f'href="{there}"' in text(signed, "/r/alice/shop/a.py")
    assert signed.get("/api/v1/search?q=f").json()["results"][0]["host_link"] == there
    assert change("gitlab") == 200
    assert read(signed)["host_link"].startswith("https://github.com/acme/shop/-/blob/")
    assert change("javascript:alert(1)") == 400
    assert change("") == 200
    assert read(signed)["host_link"].startswith("https://github.com/acme/shop/blob/")

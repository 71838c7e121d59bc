"""The page, the API and the command line search for the same lines, and show them escaped."""

from __future__ import annotations

import json
import re
from io import StringIO
from typing import Any
from urllib.parse import unquote, urlencode

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client

from codeindex.models import Repository
from tests import shelf
from tests.search.lines.asking import put

pytestmark = pytest.mark.django_db

PAGE = "<b>bold</b> = 1\nplain\nnot <b>\n"


@pytest.fixture
def shop(alice: User) -> Repository:
    made = shelf.repository(alice)
    put(made, {"src/page.html": PAGE, "src/cart.py": "a = 1\n" + "bold\n" * 12})
    return made


@pytest.fixture
def secret(bob: User) -> Repository:
    made = shelf.repository(bob, "secret")
    put(made, {"bold.py": "bold\n"})
    return made


def page(client: Client, status: int = 200, **asked: str) -> str:
    response = client.get(f"/lines/?{urlencode(asked)}")
    assert response.status_code == status
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", response.content.decode())


def answer(client: Client, status: int = 200, **asked: str) -> dict[str, Any]:
    response = client.get("/api/v1/lines", asked)
    assert response.status_code == status
    return dict(response.json())


def printed(*arguments: str) -> str:
    out = StringIO()
    call_command("search", *arguments, stdout=out)
    return out.getvalue()


@pytest.mark.usefixtures("shop", "secret")
class TestPage:
    def test_it_shows_lines_escaped_and_marks_what_matches(
        self, client: Client, alice: User
    ) -> None:
        client.force_login(alice)
        shown = page(client, q="<b>")
        assert "2 lines in 1 file (" in shown
        assert "<mark>&lt;b&gt;</mark>bold&lt;/b&gt; = 1" in shown
        assert "#L3" in shown
        assert "cart.py" not in shown

    def test_it_counts_the_lines_that_it_does_not_show(self, client: Client, alice: User) -> None:
        client.force_login(alice)
        shown = page(client, q="bold")
        assert "13 lines in 2 files" in shown
        assert "2 more lines" in shown
        assert "secret" not in shown

    def test_it_leads_to_further_files(self, client: Client, alice: User) -> None:
        client.force_login(alice)
        shown = page(client, q="bold", limit="1")
        assert "Show more files" in shown
        assert "13 lines in 2 files" in shown
        (after,) = re.findall(r"after=([\w%-]+)", shown)
        further = page(client, q="bold", limit="1", after=unquote(after))
        assert "after:" not in further

    def test_a_regular_expression_in_the_search_box_leads_here(
        self, client: Client, alice: User
    ) -> None:
        client.force_login(alice)
        response = client.get("/", {"q": "/bo+ld/ path:src", "repository": "shop", "kind": "class"})
        assert response.status_code == 302
        followed = client.get(response["Location"])
        assert "13 lines in 2 files" in followed.content.decode()

    def test_switches_stay_set(self, client: Client, alice: User) -> None:
        client.force_login(alice)
        shown = page(client, q="BOLD", case="match", word="whole")
        assert "No lines" in shown
        assert 'name="case" value="match" checked' in shown
        assert 'name="word" value="whole" checked' in shown

    def test_a_bad_pattern_is_explained(self, client: Client, alice: User) -> None:
        client.force_login(alice)
        assert "missing )" in page(client, 400, q="/<script>(/")
        assert "<script>(" not in page(client, 400, q="/<script>(/")

    def test_strangers_and_unknown_repositories_get_the_same(
        self, client: Client, alice: User, charlie: User
    ) -> None:
        assert "No lines" in page(client, q="bold")
        client.force_login(charlie)
        assert "No lines" in page(client, q="bold")
        hidden = page(client, 404, q="bold", repo="secret").replace("secret", "another")
        unknown = page(client, 404, q="bold", repo="another")
        assert hidden == unknown

    def test_the_form_alone_says_how_to_ask(self, client: Client) -> None:
        assert "A regular expression, between slashes" in page(client)


@pytest.mark.usefixtures("shop", "secret")
class TestApi:
    def test_an_answer_has_lines_with_their_matches(self, client: Client, alice: User) -> None:
        client.force_login(alice)
        found = answer(client, q="/<b>|= /")
        (file,) = [file for file in found["files"] if file["path"] == "src/page.html"]
        assert file["lines"][0] == {
            "line": 1, "text": "<b>bold</b> = 1", "matches": [[0, 3], [12, 14]],
        }  # fmt: skip
        assert (file["repository"], file["branch"], file["count"]) == ("shop", "", 2)
        assert client.get(file["url"]).status_code == 200
        assert (found["file_count"], found["line_count"], found["exact"]) == (2, 3, True)
        assert found["next"] is None

    def test_next_goes_on(self, client: Client, alice: User) -> None:
        client.force_login(alice)
        first = answer(client, q="bold", limit="1")
        second = answer(client, q="bold", limit="1", after=first["next"])
        paths = [file["path"] for page in (first, second) for file in page["files"]]
        assert paths == ["src/cart.py", "src/page.html"]
        assert second["next"] is None

    def test_errors_name_the_parameter(self, client: Client, alice: User) -> None:
        client.force_login(alice)
        assert "missing )" in answer(client, 400, q="/(/")["q"][0]
        assert "after" in answer(client, 400, q="x", after="x")
        assert "kind" in answer(client, 400, q="x", kind="class")
        assert answer(client, 404, q="x", repo="secret")["detail"] == (
            "There is no repository secret."
        )


@pytest.mark.usefixtures("shop", "secret")
class TestCommand:
    def test_it_prints_files_and_lines(self) -> None:
        shown = printed("--exact", "<b>")
        assert "src/page.html  in shop\n        1 │ <b>bold</b> = 1\n        3 │ not <b>" in shown
        assert "2 lines in 1 file." in shown

    def test_slashes_or_an_option_make_a_regular_expression(self) -> None:
        assert printed("/^pl.in$/") == printed("--regex", "^pl.in$")
        assert "plain" in printed("/^pl.in$/")

    def test_it_goes_on_and_filters(self) -> None:
        first = printed("--exact", "bold", "--limit", "1", "--repo", "shop")
        assert "12 lines" not in first
        assert "and 2 more" in first
        after = first.split("--after ")[1].strip()
        assert "page.html" in printed("--exact", "bold", "--repo", "shop", "--after", after)
        assert "0 lines" in printed("--exact", "BOLD", "--match-case")
        assert "0 lines" in printed("--exact", "bol", "--whole-words")

    def test_json_is_the_answer_of_the_api(self, client: Client, administrator: User) -> None:
        client.force_login(administrator)
        local = json.loads(printed("--json", "--exact", "bold"))
        remote = answer(client, q="bold", mode="exact")
        for file in remote["files"]:
            for link in ("url", "permalink"):
                file[link] = file[link].removeprefix("http://testserver")
        assert local == remote

    def test_a_bad_pattern_is_one_line(self) -> None:
        with pytest.raises(CommandError, match="missing"):
            printed("--regex", "(")

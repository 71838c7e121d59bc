"""The list of repositories on its page, and many registered at once."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from codeindex import address_lists
from codeindex.models import IndexRun, Repository, RunStatus
from codeindex.web import repository_list
from tests import audited, shelf

LIST = "/repositories/"
MANY = "/repositories/register-many"


def names(client: Client, **parameters: str) -> list[str]:
    response = client.get(LIST, parameters)
    assert response.status_code == 200
    return [each.repository.name for each, _ in response.context["listed"]]


@pytest.fixture
def three(alice: User, team: Group) -> list[Repository]:
    return [shelf.repository(alice, name, teams=[team]) for name in ("b", "a", "c")]


class TestList:
    def test_is_filtered_and_ordered_within_the_gate(
        self, client: Client, bob: User, charlie: User, three: list[Repository]
    ) -> None:
        shelf.repository(charlie, "hidden")
        IndexRun.objects.create(branch=three[0].branches.get(), status=RunStatus.FAILED)
        client.force_login(bob)
        assert names(client) == ["a", "b", "c"]
        assert names(client, sort="-name") == ["c", "b", "a"]
        assert names(client, state="failed") == ["b"]
        assert names(client, name="alice/C") == ["c"]
        assert names(client, name="hidden") == names(client, visibility="public") == []
        client.force_login(charlie)
        assert names(client) == ["hidden"]

    def test_a_heading_says_how_it_is_ordered_and_keeps_the_filters(
        self, client: Client, bob: User, three: list[Repository]
    ) -> None:
        client.force_login(bob)
        shown = client.get(LIST, {"name": "alice", "sort": "name", "page": "1"}).content.decode()
        headings = dict(re.findall(r'aria-sort="(\w+)"[^>]*><a href="\?([^"]+)">', shown)[:1])
        assert headings == {"ascending": "name=alice&amp;sort=-name"}

    def test_a_page_of_many_costs_as_many_queries_as_one_of_few(
        self, client: Client, alice: User, bob: User, three: list[Repository], monkeypatch: Any
    ) -> None:
        client.force_login(bob)

        def queries() -> int:
            with CaptureQueriesContext(
                connection,
            ) as captured:
                assert client.get(LIST).status_code == 200
            return len(captured)

        few = queries()
        for number in range(30):
            row = shelf.repository(alice, f"r{number}", teams=list(Group.objects.all()))
            row.people.add(bob)
        assert queries() == few
        monkeypatch.setattr(repository_list, "ROWS", 10)
        assert names(client, page="4") == ["r7", "r8", "r9"]
        assert names(client, page="99") == ["r7", "r8", "r9"]
        shown = client.get(LIST, {"sort": "-name", "page": "2"}).content.decode()
        assert 'rel="next" href="?sort=-name&amp;page=3"' in shown
        assert "11–20 of 33 repositories" in shown

    @pytest.mark.parametrize(
        "parameters", [{"sort": "id"}, {"state": "x"}, {"page": "0"}, {"name": "x" * 301}]
    )
    def test_other_values_are_refused(
        self, client: Client, db: None, parameters: dict[str, str]
    ) -> None:
        assert client.get(LIST, parameters).status_code == 400


class TestMany:
    def test_are_shown_first_and_then_registered(
        self, client: Client, alice: User, team: Group
    ) -> None:
        shelf.repository(alice, "shop")
        client.force_login(alice)
        pasted = "\n".join(
            [
                "https://example.org/team/api.git", "", "git@example.org:other/api.git",
                "https://example.org/team/API/", "https://user:hidden-secret@example.org/x.git",
                "https://example.org/shop.git", "ftp://example.org/y", "/etc",
            ]
        )  # fmt: skip
        form = {"addresses": pasted, "visibility": "internal", "teams": [team.name]}
        for asked in ({}, {"register": "yes"}):  # what is refused stops all of it
            response = client.post(MANY, form | asked)
            assert response.status_code == 200
            assert [each.name for each in response.context["accepted"]] == ["api", "api-2"]
            refused = [(each.line, each.problem) for each in response.context["refused"]]
            assert refused[:3] == [
                (4, address_lists.TWICE), (5, address_lists.HAS_CREDENTIAL),
                (6, "You have registered it as shop."),
            ]  # fmt: skip
            assert [line for line, _ in refused] == [4, 5, 6, 7, 8]
            assert "hidden-secret" not in response.content.decode()
            assert Repository.objects.count() == 1
        kept = response.context["form"]["addresses"].value()
        audited.empty()
        done = client.post(MANY, {**form, "addresses": kept, "register": "yes"}, follow=True)
        assert "Repositories registered: 2" in done.content.decode()
        made = Repository.objects.exclude(name="shop")
        assert {(row.name, row.visibility, row.teams.get()) for row in made} == {
            ("api", "internal", team), ("api-2", "internal", team),
        }  # fmt: skip
        assert IndexRun.objects.filter(status=RunStatus.QUEUED).count() == 2
        assert ("repositories_imported", "alice", "a list of addresses", "api, api-2") in (
            audited.rows("action", "user", "subject", "details")
        )

    def test_no_more_than_a_user_may_have_and_a_list_may_hold(
        self, alice: User, settings: Any, monkeypatch: Any
    ) -> None:
        settings.CODEINDEX_REPOSITORIES_PER_USER = 2
        monkeypatch.setattr(address_lists, "MOST_LINES", 3)
        pasted = "\n".join(f"https://example.org/r{number}" for number in range(5))
        checked = address_lists.check(pasted, alice)
        assert [each.problem for each in checked] == [
            "", "", address_lists.NO_ROOM, address_lists.TOO_MANY
        ]  # fmt: skip

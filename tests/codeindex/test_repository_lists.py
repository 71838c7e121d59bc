"""Lists of repositories are filtered alike on the page and over REST, within the gate."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from codeindex.integrations import imports
from codeindex.integrations.imports import Filters
from codeindex.models import (
    Branch,
    ImportedRepository,
    IndexRun,
    Repository,
    RunStatus,
    Upstream,
    Visibility,
)
from codeindex.repository_lists import Order, State, Wanted, matching, ordered, states
from codeindex.web import ids
from tests import shelf

pytestmark = pytest.mark.django_db

REPOSITORIES = "/api/v1/repositories"


@pytest.fixture
def five(alice: User, team: Group) -> dict[str, Repository]:
    """One in each state, by its name; what does not count is there, too."""
    made = {state.value: shelf.repository(alice, state.value, teams=[team]) for state in State}
    branches = {name: each.branches.get() for name, each in made.items()}
    IndexRun.objects.create(branch=branches["indexing"])
    IndexRun.objects.create(branch=branches["paused"])
    Repository.objects.filter(name="paused").update(paused=True)
    run(branches["failed"], RunStatus.FAILED)
    run(branches["searchable"], RunStatus.FAILED)
    run(branches["searchable"], RunStatus.CANCELLED)
    Branch.objects.filter(repository=made["unindexed"]).update(live_run=None)
    Upstream.objects.create(branch=branches["behind"], head="beef" * 10)
    Upstream.objects.create(
        branch=branches["searchable"], head=branches["searchable"].live_run.commit
    )
    Upstream.objects.create(branch=branches["unindexed"], head="beef" * 10)
    return made


def run(branch: Branch, status: RunStatus) -> None:
    IndexRun.objects.create(branch=branch, status=status)


def names(client: Client, **parameters: str) -> list[str]:
    answer = client.get(REPOSITORIES, parameters)
    assert answer.status_code == 200, answer.json()
    return [row["name"] for row in answer.json()]


class TestOrder:
    @pytest.mark.parametrize(
        ("order", "first"), [(Order.NAME, "a"), (Order.INDEXED, "c"), (Order.DEFINITIONS, "b"),
                             (Order.STATE, "b"), (Order.BRANCH, "b")],
    )  # fmt: skip
    def test_what_lacks_a_value_comes_last(self, alice: User, order: Order, first: str) -> None:
        made = {name: shelf.repository(alice, name) for name in ("a", "b", "c")}
        branch = made["b"].branches.get()
        branch.name = "Main"
        branch.save()
        Branch.objects.filter(repository=made["c"]).update(name="new")
        Branch.objects.filter(repository=made["a"]).update(live_run=None, name="a")
        run_of_b, run_of_c = made["b"].branches.get().live_run, made["c"].branches.get().live_run
        assert run_of_b
        assert run_of_c
        IndexRun.objects.filter(pk=run_of_b.pk).update(definitions=3)
        IndexRun.objects.filter(pk=run_of_c.pk).update(definitions=5, published="2020-01-01T00Z")
        IndexRun.objects.create(branch=branch)
        rows = Repository.objects.all()
        upwards = [row.name for row in ordered(rows, order)]
        downwards = [row.name for row in ordered(rows, order, descending=True)]
        counted = [name for name in upwards if name != "a"]
        if order == Order.DEFINITIONS or order == Order.NAME:
            assert upwards == ["a", "b", "c"] == downwards[::-1]
        elif order == Order.STATE:
            assert upwards == ["b", "c", "a"] == downwards[::-1]
        else:
            assert (upwards[-1], downwards[-1]) == ("a", "a")
            assert counted[0] == first


class TestFilters:
    def test_a_repository_is_in_one_state(self, five: dict[str, Repository]) -> None:
        known = states(Repository.objects.all())
        assert {name: known[row.pk] for name, row in five.items()} == {
            state.value: state for state in State
        }
        for state in State:
            assert matching(Repository.objects.all(), Wanted(state=state)).get().name == state

    def test_by_name_visibility_and_owner(
        self, client: Client, alice: User, charlie: User, five: dict[str, Repository]
    ) -> None:
        shelf.repository(charlie, "Open_search", visibility=Visibility.PUBLIC)
        client.force_login(alice)
        assert names(client, name="SEARCH") == ["Open_search", "searchable"]
        assert names(client, name="charlie/open") == ["Open_search"]
        assert names(client, name="open%search") == names(client, name="openXsearch") == []
        assert names(client, visibility="public") == ["Open_search"]
        assert names(client, state="behind", name="alice/") == ["behind"]
        assert len(names(client, name="", state="", visibility="", **{"import": ""})) == 7

    def test_only_what_is_visible_is_kept(
        self, client: Client, charlie: User, five: dict[str, Repository]
    ) -> None:
        client.force_login(charlie)
        for state in State:
            assert names(client, state=state) == []
        assert names(client, name="a") == []

    def test_by_import_of_one_s_own(
        self, client: Client, alice: User, bob: User, five: dict[str, Repository]
    ) -> None:
        host = imports.add_host(alice, kind="github", url="https://github.com")
        row = imports.add_import(host, "acme", Filters(), by=alice)
        ImportedRepository.objects.create(
            source=row, repository=five["failed"], host_id="1", full_name="acme/failed"
        )
        own_id = ids.opaque(ids.Row.IMPORT, row.pk)
        client.force_login(alice)
        assert names(client, **{"import": own_id}) == ["failed"]
        client.force_login(bob)
        for unknown in (own_id, "x", ids.opaque(ids.Row.TEAM, row.pk)):
            answer = client.get(REPOSITORIES, {"import": unknown})
            assert (answer.status_code, list(answer.json()["errors"])) == (400, ["import"])

    @pytest.mark.parametrize(
        "parameters", [{"state": "x"}, {"visibility": "all"}, {"name": "x" * 301}]
    )
    def test_other_values_are_refused(self, client: Client, parameters: dict[str, str]) -> None:
        assert client.get(REPOSITORIES, parameters).status_code == 400

    def test_a_page_leads_to_the_next_one_of_the_same_list(
        self, client: Client, alice: User, five: dict[str, Repository]
    ) -> None:
        client.force_login(alice)
        first = client.get(REPOSITORIES, {"name": "ED", "limit": 2})
        following = client.get(first["Link"].partition("<")[2].partition(">")[0])
        assert [row["name"] for row in first.json()] == ["failed", "paused"]
        assert [row["name"] for row in following.json()] == ["unindexed"]


class TestRegistering:
    def test_with_teams_and_visibility(
        self, client: Client, alice: User, bob: User, team: Group, settings: Any
    ) -> None:
        Group.objects.create(name="secrecy")
        client.force_login(alice)
        wanted = {"url": "https://example.org/x.git", "teams": ["team"]}
        made = client.post(REPOSITORIES, wanted, content_type="application/json")
        assert made.status_code == 201
        assert made.json()["visible_to"] == "alice, the team team, and administrators"
        client.force_login(bob)
        assert names(client) == ["x"]
        wanted = {"url": "https://example.org/y.git", "teams": ["team", "secrecy", "none"]}
        refused = client.post(REPOSITORIES, wanted, content_type="application/json")
        assert refused.status_code == 400
        assert refused.json()["errors"] == {"teams": ["There is no team called none, secrecy."]}

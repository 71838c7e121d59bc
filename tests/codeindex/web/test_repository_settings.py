"""The settings of a repository: changed on its page and over REST, by whoever manages it."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from codeindex import credentials, repository_settings
from codeindex.accounts import teams
from codeindex.models import IndexRun, Repository, Role, SourceFile, Visibility
from codeindex.web import audience
from tests import shelf
from tests.codeindex.ingestion.cloning.test_git_environment import private_key
from tests.shelf import Written

URL = "https://example.org/team/shop.git"
SECRET = "bot:s3cret"


@pytest.fixture
def shop(alice: User, team: Group) -> Repository:
    """Alice's repository, private, with a credential and an index."""
    made = shelf.repository(alice, teams=[team])
    made.url, made.credential = URL, credentials.encrypt(SECRET)
    made.save()
    shelf.put(made, "a.py", Written("def a(): ...", "a"))
    return made


def address(shop: Repository, section: str) -> str:
    return reverse(f"repository-{section}", args=[shop.pk])


def access(shop: Repository, **changed: Any) -> dict[str, Any]:
    return {"visibility": "private", "teams": ["team"], "people": ""} | changed


def source(shop: Repository, **changed: Any) -> dict[str, Any]:
    return {"name": "shop", "url": URL, "branches": "HEAD"} | changed


def patch(client: Client, shop: Repository, **settings: Any) -> tuple[int, Any]:
    address = reverse("api-settings", args=[shop.pk])
    response = client.patch(address, settings, content_type="application/json")
    return response.status_code, response.json()


class TestAccess:
    def test_single_people_see_what_is_shared_with_them(self, client, alice, charlie, shop):
        seen = Repository.objects.visible_to(charlie)
        assert not seen.exists()
        client.force_login(alice)
        form = access(shop, people="charlie\n bob \n", teams=[])
        User.objects.create_user("bob")
        assert client.post(address(shop, "access"), form).status_code == 302
        assert seen.exists()
        assert not Repository.objects.managed_by(charlie).exists()
        assert audience.describe(shop) == "alice, bob, charlie, and administrators"
        client.post(address(shop, "access"), access(shop))
        assert not seen.exists()

    def test_the_label_says_who_really_sees_it(self, client, alice, bob, shop):
        client.force_login(bob)
        page = client.get(reverse("repository", args=[shop.pk])).content.decode()
        assert "Visible to alice, the team team, and administrators" in page
        for visibility, said in (
            ("internal", "everyone who is signed in"),
            ("public", "everyone, "),
        ):
            Repository.objects.update(visibility=visibility)
            assert said in client.get("/repositories/").content.decode()
            (told,) = client.get("/api/v1/repositories").json()
            assert told["visible_to"].startswith(said)

    def test_many_people_are_counted(self, alice, shop):
        shop.people.set(User.objects.create_user(f"user{number}") for number in range(7))
        shop.people.add(alice)
        shop.teams.set([])
        said = "alice, user0, user1, user2, user3, user4, 2 more people, and administrators"
        shop.people.remove(alice)
        assert audience.describe(shop) == said

    def test_only_own_teams_can_be_added_and_others_cannot_be_told_to_exist(
        self, client, alice, shop
    ):
        Group.objects.create(name="secrecy")
        client.force_login(alice)
        for name in ("secrecy", "none"):
            form = access(shop, teams=["team", name])
            assert client.post(address(shop, "access"), form).status_code == 400
            refused = {"teams": [f"There is no team called {name}."]}
            assert patch(client, shop, teams=["team", name])[1]["errors"] == refused
        assert "secrecy" not in client.get(address(shop, "settings")).content.decode()

    def test_a_team_of_others_that_it_has_can_stay(self, client, alice, shop):
        others = Group.objects.create(name="others")
        shop.teams.add(others)
        client.force_login(alice)
        assert (
            client.post(address(shop, "access"), access(shop, teams=["others"])).status_code == 302
        )
        assert list(shop.teams.all()) == [others]

    def test_a_maintainer_of_a_team_manages_and_may_withdraw_it(self, client, charlie, shop, team):
        teams.set_member(team, charlie, Role.MAINTAINER, by=None)
        client.force_login(charlie)
        assert client.get(address(shop, "settings")).status_code == 200
        response = client.post(address(shop, "access"), access(shop, teams=[]))
        assert response["Location"] == "/repositories/"
        assert client.get(address(shop, "settings")).status_code == 404

    def test_a_person_who_was_deactivated_meanwhile_can_stay(self, client, alice, charlie, shop):
        shop.people.add(charlie)
        User.objects.filter(pk=charlie.pk).update(is_active=False)
        User.objects.create_user("gone", is_active=False)
        client.force_login(alice)
        form = access(shop, people="charlie")
        assert client.post(address(shop, "access"), form).status_code == 302
        assert list(shop.people.all()) == [charlie]
        assert patch(client, shop, people=["charlie", "gone"])[0] == 400

    def test_an_unknown_user_is_an_error_of_the_field(self, client, alice, shop):
        client.force_login(alice)
        response = client.post(address(shop, "access"), access(shop, people="nobody"))
        assert response.status_code == 400
        assert "There is no user called nobody." in response.content.decode()
        assert patch(client, shop, people=["nobody"])[0] == 400


class TestSource:
    def test_the_form_shows_what_is_stored_but_no_secret(self, client, alice, shop):
        client.force_login(alice)
        page = client.get(address(shop, "settings")).content.decode()
        assert URL in page
        assert "HEAD" in page
        assert "s3cret" not in page
        assert "One is stored, encrypted" in page

    def test_saving_it_unchanged_changes_and_records_nothing(
        self, client, alice, shop, django_capture_on_commit_callbacks
    ):
        before = Repository.objects.values().get()
        client.force_login(alice)
        with django_capture_on_commit_callbacks() as recorded:
            assert client.post(address(shop, "source"), source(shop)).status_code == 302
        assert Repository.objects.values().get() == before
        assert not recorded

    def test_another_url_keeps_the_index_until_the_next_run(self, client, alice, shop):
        client.force_login(alice)
        moved = source(shop, url="https://example.org/new/shop.git", name="store")
        assert client.post(address(shop, "source"), moved).status_code == 302
        shop.refresh_from_db()
        assert (shop.name, shop.url) == ("store", "https://example.org/new/shop.git")
        assert credentials.decrypt(shop.credential) == SECRET
        assert client.get("/api/v1/search", {"q": "a"}).json()["results"]

    @pytest.mark.parametrize(
        "url",
        [
            "https://evil.example/shop.git",
            "https://example.org:8443/team/shop.git",
            "http://example.org/team/shop.git",
            "git@example.org:shop.git",
        ],
    )
    def test_a_credential_never_goes_to_another_host(self, client, alice, shop, url):
        client.force_login(alice)
        assert patch(client, shop, url=url)[0] == 200
        shop.refresh_from_db()
        assert shop.credential == ""

    def test_a_credential_of_the_new_url_is_taken(self, client, alice, shop):
        client.force_login(alice)
        status, told = patch(client, shop, url="https://new:token@other.example/shop.git")
        shop.refresh_from_db()
        assert (status, told["url"]) == (200, "https://other.example/shop.git")
        assert credentials.decrypt(shop.credential) == "new:token"
        assert told["has_credential"]

    def test_a_credential_is_replaced_kept_and_removed(self, client, alice, shop):
        client.force_login(alice)
        post = address(shop, "source")
        for form, kept in (
            ({"credential": "new"}, "new"),
            ({}, "new"),
            ({"forget_credential": "on"}, ""),
        ):
            assert client.post(post, source(shop, **form)).status_code == 302
            shop.refresh_from_db()
            assert credentials.decrypt(shop.credential) == kept
        assert patch(client, shop, credential="again")[1]["has_credential"]
        assert not patch(client, shop, credential="")[1]["has_credential"]

    def test_a_deploy_key_is_for_ssh_and_a_credential_is_not(self, client, alice, shop):
        client.force_login(alice)
        key = private_key()[0]
        assert list(patch(client, shop, deploy_key=key)[1]["errors"]) == ["deploy_key"]
        status, told = patch(client, shop, url="git@example.org:shop.git", deploy_key=key)
        assert (status, told["has_deploy_key"]) == (200, True)
        assert list(patch(client, shop, credential="token")[1]["errors"]) == ["credential"]
        assert "PRIVATE KEY" not in client.get(address(shop, "settings")).content.decode()

    def test_a_path_of_this_machine_is_trusted_no_longer_when_it_changes(
        self, client, alice, registered, tmp_path, settings
    ):
        client.force_login(alice)
        form = {"name": "shop", "url": registered.url, "branches": "HEAD"}
        assert client.post(address(registered, "source"), form).status_code == 302
        registered.refresh_from_db()
        assert registered.trusted_path
        form["url"] = "/etc"
        assert client.post(address(registered, "source"), form).status_code == 400
        settings.CODEINDEX_LOCAL_ROOTS = [tmp_path]
        assert patch(client, registered, url=str(tmp_path / "other"))[0] == 200
        registered.refresh_from_db()
        assert not registered.trusted_path

    def test_branches_come_and_go(self, client, alice, shop):
        client.force_login(alice)
        form = source(shop, branches="main\nHEAD\nmain\n")
        assert client.post(address(shop, "source"), form).status_code == 302
        assert set(shop.branches.values_list("name", flat=True)) == {"", "main"}
        assert SourceFile.objects.exists()
        assert client.post(reverse("index-again", args=[shop.pk])).status_code == 302
        queued = IndexRun.objects.filter(status="queued")
        assert set(queued.values_list("branch__name", flat=True)) == {"", "main"}
        assert patch(client, shop, branches=["main"])[1]["branches"] == ["main"]
        assert not SourceFile.objects.exists()
        for wrong in ([], ["a..b"], [str(number) for number in range(21)]):
            assert list(patch(client, shop, branches=wrong)[1]["errors"]) == ["branches"]

    def test_a_name_that_is_taken_is_refused(self, client, alice, shop):
        shelf.repository(alice, "store")
        client.force_login(alice)
        assert client.post(address(shop, "source"), source(shop, name="store")).status_code == 400
        assert patch(client, shop, name="store")[0] == 400
        shop.refresh_from_db()
        assert shop.name == "shop"


def test_a_change_is_recorded_without_secrets(
    alice, bob, shop, caplog, django_capture_on_commit_callbacks
):
    caplog.set_level(logging.INFO, "codeindex.audit")
    changes = {
        "name": "store", "visibility": Visibility.INTERNAL, "teams": [], "people": [bob],
        "url": "https://other.example/shop.git", "credential": "top:s3cret", "branches": ["main"],
    }  # fmt: skip
    with django_capture_on_commit_callbacks(execute=True):
        repository_settings.change(shop, changes, by=alice)
    said = "\n".join(record.message for record in caplog.records)
    for part in (
        "name: shop → store", "visibility: private → internal", "teams: −team", "people: +bob",
        f"url: {URL} → https://other.example/shop.git", "credential stored",
        "branches: +main, −the default branch",
    ):  # fmt: skip
        assert part in said
    assert "s3cret" not in said


def test_a_change_that_is_refused_changes_nothing(client, alice, shop):
    client.force_login(alice)
    before = Repository.objects.values().get()
    assert patch(client, shop, visibility="public", teams=[], branches=["a..b"])[0] == 400
    assert Repository.objects.values().get() == before
    assert shop.teams.exists()

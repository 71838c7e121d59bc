"""Users who own repositories are removed."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db.models import ProtectedError
from django.test import Client

from codeindex.models import IndexRun, Repository, SourceFile
from tests import shelf
from tests.shelf import Written


@pytest.fixture
def shop(alice: User) -> Repository:
    made = shelf.repository(alice, "shop")
    shelf.put(made, "load.py", Written("def load(csv): ...", "load"))
    return made


@pytest.fixture
def administrator(client: Client, db: None) -> Client:
    client.force_login(User.objects.create_superuser("administrator"))
    return client


class TestInTheAdministration:
    def test_asks_what_becomes_of_the_repositories(
        self, administrator: Client, alice: User, shop: Repository
    ) -> None:
        shown = administrator.get(f"/admin/auth/user/{alice.pk}/delete/").content.decode()
        assert "alice owns 1 repository: shop." in shown
        for form in ({}, {"heir": alice.pk}, {"heir": "x"}, {"heir": 99, "remove": "on"}):
            answer = administrator.post(f"/admin/auth/user/{alice.pk}/delete/", form)
            assert answer.status_code == 400
        assert Repository.objects.get().owner == alice

    def test_hands_over(
        self, administrator: Client, alice: User, bob: User, shop: Repository
    ) -> None:
        address = f"/admin/auth/user/{alice.pk}/delete/"
        answer = administrator.post(address, {"heir": bob.pk}, follow=True)
        assert "Repositories transferred to bob: 1." in answer.content.decode()
        assert administrator.post(address, {"post": "yes"}).status_code == 302
        assert not User.objects.filter(username="alice").exists()
        assert Repository.objects.get().owner == bob
        assert SourceFile.objects.filter(live=True).count() == 1

    def test_removes(self, administrator: Client, alice: User, shop: Repository) -> None:
        address = f"/admin/auth/user/{alice.pk}/delete/"
        administrator.post(address, {"remove": "on"})
        assert not Repository.objects.exists()
        assert not SourceFile.objects.exists()
        assert not IndexRun.objects.exists()
        assert administrator.post(address, {"post": "yes"}).status_code == 302
        assert not User.objects.filter(username="alice").exists()

    def test_many_users_at_once_are_told_what_stands_in_the_way(
        self, administrator: Client, alice: User, shop: Repository
    ) -> None:
        form = {"action": "delete_selected", "_selected_action": [alice.pk], "post": "yes"}
        shown = administrator.post("/admin/auth/user/", form).content.decode()
        assert "protected" in shown
        assert User.objects.filter(username="alice").exists()

    def test_is_for_those_who_may_delete_users(
        self, client: Client, alice: User, bob: User, shop: Repository
    ) -> None:
        User.objects.filter(pk=bob.pk).update(is_staff=True)
        client.force_login(bob)
        address = f"/admin/auth/user/{alice.pk}/delete/"
        assert client.get(address).status_code == 403
        assert client.post(address, {"remove": "on"}).status_code == 403
        assert Repository.objects.exists()


class TestByCommand:
    def test_hands_over(self, alice: User, bob: User, shop: Repository) -> None:
        call_command("remove-user", "alice", hand_over_to="bob")
        assert Repository.objects.get().owner == bob
        assert not User.objects.filter(username="alice").exists()

    def test_removes(self, alice: User, shop: Repository) -> None:
        call_command("remove-user", "alice", remove_repositories=True)
        assert not Repository.objects.exists()
        assert not User.objects.filter(username="alice").exists()

    def test_needs_a_word_about_the_repositories(self, alice: User, shop: Repository) -> None:
        with pytest.raises(CommandError, match=r"owns repositories \(1\)"):
            call_command("remove-user", "alice")
        assert Repository.objects.exists()

    def test_says_which_names_both_have(self, alice: User, bob: User, shop: Repository) -> None:
        shelf.repository(bob, "shop")
        with pytest.raises(CommandError, match=r"bob already owns .* same name: shop"):
            call_command("remove-user", "alice", hand_over_to="bob")
        assert User.objects.filter(username="alice").exists()

    @pytest.mark.parametrize("name", ["nobody", "alice"])
    def test_needs_somebody_else(self, alice: User, shop: Repository, name: str) -> None:
        with pytest.raises(CommandError):
            call_command("remove-user", "alice", hand_over_to=name)
        assert Repository.objects.exists()

    def test_a_user_without_repositories_just_goes(self, bob: User) -> None:
        call_command("remove-user", "bob")
        assert not User.objects.filter(username="bob").exists()


def test_nothing_else_deletes_repositories_with_their_owner(alice: User, shop: Repository) -> None:
    with pytest.raises(ProtectedError):
        alice.delete()

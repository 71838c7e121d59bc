"""Administrators manage users and tokens on pages; the last of them cannot be locked out."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth.models import User
from django.test import Client

from codeindex.accounts import second_factor, tokens, user_administration
from codeindex.accounts.user_administration import ONESELF
from codeindex.models import Repository, Token
from tests import audited, shelf

pytestmark = pytest.mark.django_db

USERS = "/administration/"
PASSWORD = "a long enough secret"


@pytest.fixture
def root() -> User:
    return User.objects.create_superuser("root")


@pytest.fixture
def client(client: Client, root: User) -> Client:
    client.force_login(root)
    audited.empty()
    return client


def posted(client: Client, address: str, **form: Any) -> str:
    return client.post(address, form, follow=True).content.decode()


def change(client: Client, name: str, action: str) -> str:
    return posted(client, f"{USERS}users/{name}/change", action=action)


class TestList:
    def test_is_filtered_by_name_and_address(self, client: Client, alice: User, bob: User) -> None:
        User.objects.filter(pk=bob.pk).update(email="bob@example.org")
        shelf.repository(alice)

        def names(**asked: str) -> list[str]:
            return [row.username for row in client.get(USERS, asked).context["shown"]]

        assert names() == ["alice", "bob", "root"]
        assert names(name="ALI") == ["alice"]
        assert names(name="example.org") == ["bob"]
        assert client.get(USERS, {"name": "x" * 300}).status_code == 400
        assert client.get(USERS, {"page": "-1"}).status_code == 400

    def test_a_user_is_created(self, client: Client) -> None:
        form = {"new-username": "dora", "new-email": "dora@example.org", "new-password": PASSWORD}
        assert "dora has been created" in posted(client, USERS, **form)
        dora = User.objects.get(username="dora")
        assert dora.check_password(PASSWORD)
        assert not dora.is_superuser
        assert ("user_created", "root", "dora") in audited.rows("action", "user", "subject")
        assert "already exists" in posted(client, USERS, **form)

    @pytest.mark.parametrize(
        "wrong", [{"new-password": "short"}, {"new-username": "a b"}, {"new-email": "x"}]
    )
    def test_what_is_wrong_is_said(self, client: Client, wrong: dict[str, str]) -> None:
        form = {"new-username": "dora", "new-password": PASSWORD} | wrong
        assert client.post(USERS, form).status_code == 400
        assert not User.objects.filter(username="dora").exists()


class TestUser:
    def test_is_deactivated_with_all_tokens_and_activated(
        self, client: Client, alice: User
    ) -> None:
        tokens.issue(alice, by=alice)
        assert "deactivated" in change(client, "alice", "deactivate")
        alice.refresh_from_db()
        assert not alice.is_active
        assert not Token.objects.exists()
        change(client, "alice", "activate")
        alice.refresh_from_db()
        assert alice.is_active

    def test_becomes_an_administrator_and_is_none_again(self, client: Client, alice: User) -> None:
        for action, expected in (("promote", True), ("demote", False), ("dance", False)):
            change(client, "alice", action)
            alice.refresh_from_db()
            assert (alice.is_superuser, alice.is_staff) == (expected, expected)
        told = audited.rows("action", "user", "subject", "details")
        assert told[1] == ("user_changed", "root", "alice", "is_staff: True, is_superuser: True")

    def test_nobody_changes_their_own_account_here(self, client: Client, root: User) -> None:
        TOTP.activate(root, second_factor.new_secret())
        for action in ("deactivate", "demote", "remove-second-factor"):
            assert ONESELF in change(client, "root", action)
        assert ONESELF in posted(client, f"{USERS}users/root/remove")
        address = f"{USERS}users/root/password"
        assert ONESELF in posted(client, address, **{"new-password": PASSWORD})
        root.refresh_from_db()
        assert second_factor.is_set_up(root)
        assert not root.has_usable_password()
        assert root.is_active
        assert root.is_superuser

    def test_the_last_administrator_stays_one(self, root: User, alice: User) -> None:
        with pytest.raises(user_administration.ValidationError, match="last active administrator"):
            user_administration.set_administrator(root, False, by=alice)
        with pytest.raises(user_administration.ValidationError, match="last active administrator"):
            user_administration.set_active(root, False, by=alice)

    def test_gets_another_password(self, client: Client, alice: User) -> None:
        address = f"{USERS}users/alice/password"
        assert client.post(address, {"new-password": "short"}).status_code == 400
        assert "has a new password" in posted(client, address, **{"new-password": PASSWORD})
        alice.refresh_from_db()
        assert alice.check_password(PASSWORD)

    def test_leaves_with_or_without_repositories(
        self, client: Client, alice: User, bob: User, charlie: User
    ) -> None:
        shelf.repository(alice, "shop")
        address = f"{USERS}users/alice/remove"
        assert client.post(address).status_code == 400
        assert User.objects.filter(username="alice").exists()
        assert "alice has been removed" in posted(client, address, heir=bob.pk)
        assert Repository.objects.get().owner == bob
        assert "bob has been removed" in posted(client, f"{USERS}users/bob/remove", remove="on")
        assert not Repository.objects.exists()
        assert "charlie has been removed" in posted(client, f"{USERS}users/charlie/remove")

    def test_one_that_does_not_exist_is_404(self, client: Client) -> None:
        for part in ("", "change", "password", "remove"):
            method = client.post if part else client.get
            assert method(f"{USERS}users/nobody/{part}").status_code == 404


class TestTokens:
    def test_are_listed_by_user_and_revoked(self, client: Client, alice: User, bob: User) -> None:
        for user in (alice, bob):
            tokens.issue(user, "ci", by=user)
        address = f"{USERS}tokens/"
        (token,) = client.get(address, {"name": "ali"}).context["shown"]
        assert token.user == alice
        assert "has been revoked" in posted(client, address, beginning=token.beginning)
        assert [each.user for each in Token.objects.all()] == [bob]
        assert "has been revoked" not in posted(client, address, beginning="")
        assert Token.objects.count() == 1

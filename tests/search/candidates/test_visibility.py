"""What a user may see changes with the next request, whatever was kept of an earlier one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from codeindex.accounts import tokens
from codeindex.models import Repository, SourceFile, Token, Visibility
from tests import shelf
from tests.shelf import Written


@pytest.fixture
def shop(alice: User, team: Group) -> Repository:
    """Alice's private repository, which her team may see."""
    made = shelf.repository(alice, teams=[team])
    shelf.put(made, "load.py", Written("def load(csv): ...", "load"))
    return made


def sees(client: Client, user: User | None, repository: Repository) -> bool:
    """Whether a search and the list of repositories show the user the repository's code."""
    if user is None:
        client.logout()
    else:
        client.force_login(user)
    results = client.get("/api/v1/search", {"q": "csv"}).json()["results"]
    listed = client.get("/api/v1/repositories").json()
    assert bool(results) == bool(listed)
    if results:
        assert client.get(results[0]["url"]).status_code == 200
    return bool(results)


CHANGES: list[tuple[str, Callable[[Repository, Group, User], object]]] = [
    ("a membership ends", lambda shop, team, bob: bob.groups.remove(team)),
    ("a team is emptied", lambda shop, team, bob: team.user_set.clear()),
    ("a team is deleted", lambda shop, team, bob: team.delete()),
    ("a team loses the repository", lambda shop, team, bob: shop.teams.clear()),
]


@pytest.mark.parametrize(
    "change", [change for _, change in CHANGES], ids=[name for name, _ in CHANGES]
)
def test_a_team_that_loses_a_repository_finds_it_no_longer(
    client: Client, bob: User, team: Group, shop: Repository, change: Callable[..., object]
) -> None:
    assert sees(client, bob, shop)
    change(shop, team, bob)
    assert not sees(client, bob, shop)


def test_a_new_member_finds_what_the_team_may_see(
    client: Client, charlie: User, team: Group, shop: Repository
) -> None:
    assert not sees(client, charlie, shop)
    charlie.groups.add(team)
    assert sees(client, charlie, shop)


def test_a_team_finds_what_it_is_given(client: Client, charlie: User, shop: Repository) -> None:
    friends = Group.objects.create(name="friends")
    charlie.groups.add(friends)
    assert not sees(client, charlie, shop)
    shop.teams.add(friends)
    assert sees(client, charlie, shop)


def test_visibility_holds_from_the_next_search_on(
    client: Client, charlie: User, shop: Repository
) -> None:
    for visibility, signed_in, anonymous in (
        (Visibility.PRIVATE, False, False),
        (Visibility.INTERNAL, True, False),
        (Visibility.PUBLIC, True, True),
        (Visibility.PRIVATE, False, False),
    ):
        Repository.objects.filter(pk=shop.pk).update(visibility=visibility)
        assert sees(client, charlie, shop) == signed_in
        assert sees(client, None, shop) == anonymous


def test_a_repository_that_is_handed_over_is_its_new_owner_s(
    client: Client, alice: User, charlie: User, shop: Repository
) -> None:
    shop.teams.clear()
    assert (sees(client, alice, shop), sees(client, charlie, shop)) == (True, False)
    Repository.objects.filter(pk=shop.pk).update(owner=charlie)
    assert (sees(client, alice, shop), sees(client, charlie, shop)) == (False, True)


def test_an_administrator_who_is_one_no_longer_sees_what_others_see(
    client: Client, charlie: User, shop: Repository
) -> None:
    User.objects.filter(pk=charlie.pk).update(is_superuser=True)
    charlie.refresh_from_db()
    assert sees(client, charlie, shop)
    User.objects.filter(pk=charlie.pk).update(is_superuser=False)
    charlie.refresh_from_db()
    assert not sees(client, charlie, shop)


def test_a_deactivated_user_finds_nothing_by_session_or_token(
    client: Client, bob: User, shop: Repository
) -> None:
    signed = {"Authorization": f"Token {tokens.issue(bob, by=bob)}"}
    client.force_login(bob)
    for headers in ({}, signed):
        assert client.get("/api/v1/search", {"q": "csv"}, headers=headers).json()["results"]
    User.objects.filter(pk=bob.pk).update(is_active=False)
    assert client.get("/api/v1/search", {"q": "csv"}).json()["results"] == []
    assert Client().get("/api/v1/search", {"q": "csv"}, headers=signed).status_code == 401
    assert Token.objects.exists()


def test_what_may_be_seen_and_what_is_live_are_two_questions(
    alice: User, charlie: User, shop: Repository
) -> None:
    history, _ = shelf.put(shop, "old.py", Written("def old(): ...", "old"), live=False)
    live = SourceFile.objects.get(path="load.py")
    assert set(SourceFile.objects.visible_to(alice)) == {live, history}
    assert set(SourceFile.objects.visible_to(alice).live()) == {live}
    assert not SourceFile.objects.visible_to(charlie).exists()

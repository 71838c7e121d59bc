"""Teams: who sees one, who changes its members, and what a maintainer may do with repositories."""

from __future__ import annotations

import logging

import pytest
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from codeindex.accounts import teams
from codeindex.models import Membership, Repository, Role
from codeindex.web import ids
from tests import shelf

JSON = "application/json"


@pytest.fixture
def root(db: None) -> User:
    return User.objects.create_superuser("root")


@pytest.fixture
def dana(team: Group) -> User:
    """Maintains Alice's team."""
    user = User.objects.create_user("dana")
    teams.set_member(team, user, Role.MAINTAINER, by=None)
    return user


@pytest.fixture
def shop(alice: User, team: Group) -> Repository:
    return shelf.repository(alice, "shop", teams=[team])


def names(team: Group) -> list[str]:
    return [member.name for member in teams.members(team)]


def test_only_maintainers_of_its_teams_manage_a_repository_of_others(alice, bob, dana, shop, team):
    managed = Repository.objects.managed_by
    assert [managed(user).exists() for user in (alice, bob, dana)] == [True, False, True]
    shop.teams.clear()
    assert not managed(dana).exists()
    shop.teams.add(team)
    teams.set_member(team, dana, Role.MEMBER, by=None)
    assert not managed(dana).exists()


@pytest.mark.parametrize(
    "end",
    [
        lambda team, dana: dana.groups.remove(team),
        lambda team, dana: dana.groups.clear(),
        lambda team, dana: team.user_set.set([]),
        lambda team, dana: teams.remove_member(team, dana, by=None),
    ],
)
def test_a_role_ends_with_its_membership(dana, shop, team, end):
    end(team, dana)
    assert not Membership.objects.exists()
    dana.groups.add(team)
    assert not Repository.objects.managed_by(dana).exists()
    assert teams.roles(dana) == {"team": Role.MEMBER}


def test_users_and_teams_with_roles_can_be_deleted(dana, shop, team):
    dana.delete()
    teams.set_member(team, User.objects.create_user("erin"), Role.MAINTAINER, by=None)
    team.delete()
    assert not Membership.objects.exists()


def test_administrators_create_rename_and_remove_teams(client: Client, root: User):
    client.force_login(root)
    assert client.post("/teams/", {"name": "backend"}).status_code == 302
    team = Group.objects.get()
    again = client.post("/teams/", {"name": "backend"})
    assert (again.status_code, Group.objects.count()) == (400, 1)
    assert "already exists" in again.content.decode()
    assert client.post(reverse("rename-team", args=[team.pk]), {"name": "core"}).status_code == 302
    assert "core" in client.get("/teams/").content.decode()
    assert client.post(reverse("remove-team", args=[team.pk])).status_code == 302
    assert not Group.objects.exists()


def test_maintainers_change_the_members(client: Client, dana: User, charlie: User, team: Group):
    client.force_login(dana)
    address = reverse("set-member", args=[team.pk])
    assert client.post(address, {"user": "charlie", "role": "member"}).status_code == 302
    assert names(team) == ["charlie", "dana"]
    client.post(address, {"user": "charlie", "role": "maintainer"})
    assert teams.roles(charlie) == {"team": Role.MAINTAINER}
    for form in ({"user": "nobody", "role": "member"}, {"user": "charlie", "role": "king"}):
        assert client.post(address, form).status_code == 400
    removal = reverse("remove-member", args=[team.pk])
    assert client.post(removal, {"user": "charlie"}).status_code == 302
    assert client.post(removal, {"user": "charlie"}).status_code == 404
    assert names(team) == ["dana"]


def test_members_see_their_team_and_can_leave_it(client: Client, bob, charlie, dana, shop, team):
    client.force_login(bob)
    shown = client.get(reverse("team", args=[team.pk])).content.decode()
    assert "dana" in shown
    assert "shop" in shown
    assert "Add a member" not in shown
    removal = reverse("remove-member", args=[team.pk])
    assert client.post(removal, {"user": "dana"}).status_code == 403
    assert client.post(removal, {"user": "bob"})["Location"] == "/teams/"
    assert "bob" not in names(team)
    assert client.post(removal, {"user": "bob"}).status_code == 404


def test_a_stranger_cannot_tell_that_a_team_exists(client: Client, charlie: User, team: Group):
    client.force_login(charlie)
    none = ids.opaque(ids.Row.TEAM, team.pk + 1)
    one = ids.opaque(ids.Row.TEAM, team.pk)
    for end in ("/", "/rename", "/remove"):
        answers = [client.get(f"/teams/{each}{end}") for each in (one, none)]
        assert [answer.status_code for answer in answers] == [404, 404]
    assert "team" not in client.get("/teams/").context["teams"]
    assert client.post("/teams/", {"name": "team"}).status_code == 403


def test_a_team_is_kept_over_rest(client: Client, root: User, charlie: User):
    client.force_login(root)
    made = client.post("/api/v1/teams", {"name": "backend"}, JSON)
    assert made.status_code == 201
    address = f"/api/v1/teams/{made.json()['id']}"
    assert client.get("/api/v1/teams").json() == [made.json()]
    assert client.post("/api/v1/teams", {"name": "backend"}, JSON).status_code == 400
    added = client.put(f"{address}/members", {"user": "charlie", "role": "maintainer"}, JSON)
    assert added.json() == [{"user": "charlie", "role": "maintainer", "by_sign_on": False}]
    unknown = client.put(f"{address}/members", {"user": "x", "role": "member"}, JSON)
    assert (unknown.status_code, list(unknown.json()["errors"])) == (400, ["user"])
    client.force_login(charlie)
    assert client.patch(address, {"name": "core"}, JSON).status_code == 403
    assert client.delete(f"{address}/members/charlie").status_code == 204
    assert client.get(address).status_code == 404
    client.force_login(root)
    assert client.patch(address, {"name": "core"}, JSON).json()["name"] == "core"
    assert client.delete(address).status_code == 204


def test_deactivated_users_are_no_members_to_be_added(team: Group):
    User.objects.create_user("gone", is_active=False)
    with pytest.raises(ValidationError, match="no user called gone"):
        teams.active_users(["gone"], "user")
    with pytest.raises(ValidationError, match="at most"):
        teams.active_users(map(str, range(teams.MOST_PEOPLE + 1)), "user")


def test_what_happens_to_a_team_is_recorded(
    root: User, charlie: User, caplog, django_capture_on_commit_callbacks
):
    caplog.set_level(logging.INFO, "codeindex.audit")
    with django_capture_on_commit_callbacks(execute=True):
        team = teams.create("backend", by=root)
        teams.set_member(team, charlie, Role.MEMBER, by=root)
        teams.set_member(team, charlie, Role.MEMBER, by=root)
        teams.set_member(team, charlie, Role.MAINTAINER, by=root)
        teams.rename(team, "core", by=root)
        teams.remove_member(team, charlie, by=root)
        teams.remove(team, by=root)
    assert [record.message for record in caplog.records] == [
        "User 'root' created the team 'backend'.",
        "User 'root' added a member to the team 'backend' (charlie, member).",
        "User 'root' changed the role of a member of the team 'backend' (charlie, maintainer).",
        "User 'root' renamed the team 'backend' (to 'core').",
        "User 'root' removed a member from the team 'core' (charlie).",
        "User 'root' removed the team 'core'.",
    ]

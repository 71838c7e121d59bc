"""Invitations: who makes them, who comes in by them, and that a link works once."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.utils import timezone

from codeindex.accounts import invitations, teams
from codeindex.accounts.invitations import InvitationRefused
from codeindex.models import AuditRecord, Invitation, Role
from codeindex.models.tokens import digest

ACCOUNT = {
    "username": "erin", "email": "",
    "password1": "a long enough secret", "password2": "a long enough secret",
}  # fmt: skip


@pytest.fixture
def root(db: None) -> User:
    return User.objects.create_superuser("root")


@pytest.fixture
def dana(team: Group) -> User:
    """Maintains the team."""
    user = User.objects.create_user("dana")
    teams.set_member(team, user, Role.MAINTAINER, by=None)
    return user


@pytest.fixture
def secret(dana: User, team: Group) -> str:
    """Of an invitation to the team."""
    return invitations.create(team, Role.MEMBER, days=7, note="Erin", by=dana)


def is_open(secret: str) -> bool:
    try:
        invitations.find(secret)
    except InvitationRefused:
        return False
    return True


class TestMaking:
    def test_a_link_is_shown_once_and_stored_hashed(
        self, client: Client, dana: User, team: Group
    ) -> None:
        client.force_login(dana)
        form = {"note": "Erin", "team": "team", "role": "member", "days": "7"}
        shown = client.post("/invitations/", form).content.decode()
        (secret,) = re.findall(r"http://testserver/invitations/([\w-]{32})<", shown)
        row = Invitation.objects.get()
        assert row.digest == digest(secret)
        assert secret not in str(Invitation.objects.values().get())
        assert secret not in client.get("/invitations/").content.decode()
        assert "Erin" in client.get("/invitations/").content.decode()

    def test_maintainers_invite_to_their_teams_alone(
        self, client: Client, dana: User, bob: User, root: User
    ) -> None:
        Group.objects.create(name="others")
        client.force_login(dana)
        for team in ("others", "none", ""):
            form = {"team": team, "role": "member", "days": "7"}
            assert client.post("/invitations/", form).status_code == 400
            answer = client.post("/api/v1/invitations", form | {"days": 7}, "application/json")
            assert list(answer.json()["errors"]) == ["team"]
        client.force_login(bob)
        assert client.get("/invitations/").status_code == 403
        client.force_login(root)
        assert client.post("/invitations/", {"role": "member", "days": "1"}).status_code == 200
        assert Invitation.objects.get().team is None

    @pytest.mark.parametrize("days", [0, 31])
    def test_a_link_has_an_end(self, root: User, days: int) -> None:
        with pytest.raises(ValidationError, match="from 1 to 30 days"):
            invitations.create(None, Role.MEMBER, days=days, by=root)

    def test_they_are_made_and_revoked_over_rest(
        self, client: Client, dana: User, charlie: User
    ) -> None:
        client.force_login(dana)
        wanted = {"team": "team", "note": "Erin", "role": "maintainer"}
        made = client.post("/api/v1/invitations", wanted, "application/json")
        assert made.status_code == 201
        assert is_open(made.json()["link"].rpartition("/")[2])
        (listed,) = client.get("/api/v1/invitations").json()
        assert (listed["note"], listed["team"], listed["role"]) == ("Erin", "team", "maintainer")
        address = f"/api/v1/invitations/{listed['id']}"
        client.force_login(charlie)
        assert client.delete(address).status_code == 404
        client.force_login(dana)
        assert client.delete(address).status_code == 204
        assert not is_open(made.json()["link"].rpartition("/")[2])

    def test_all_of_it_is_in_the_audit(self, dana: User, charlie: User, secret: str) -> None:
        invitations.accept(secret, charlie)
        rows = AuditRecord.objects.filter(action__startswith="invitation").order_by("pk")
        assert list(rows.values_list("action", "user", "subject", "details")) == [
            ("invitation_created", "dana", "Erin", "team 'team', member"),
            ("invitation_accepted", "charlie", "Erin", "team 'team', member"),
        ]


class TestAccepting:
    def test_a_newcomer_chooses_a_name_and_a_password(
        self, client: Client, secret: str, team: Group
    ) -> None:
        page = client.get(f"/invitations/{secret}").content.decode()
        assert "dana invites you" in page
        assert "team team as a member" in page
        assert client.post(f"/invitations/{secret}", ACCOUNT).status_code == 302
        assert client.get("/account/").status_code == 200
        erin = User.objects.get(username="erin")
        assert erin.check_password("a long enough secret")
        assert teams.roles(erin) == {"team": Role.MEMBER}
        assert not erin.is_staff

    def test_who_has_an_account_signs_in_and_joins(
        self, client: Client, charlie: User, secret: str
    ) -> None:
        client.force_login(charlie)
        page = client.get(f"/invitations/{secret}").content.decode()
        assert "Accept as charlie" in page
        assert 'name="password1"' not in page
        assert teams.roles(charlie) == {}
        assert client.post(f"/invitations/{secret}").status_code == 302
        assert teams.roles(charlie) == {"team": Role.MEMBER}
        assert client.get(f"/invitations/{secret}").status_code == 302

    def test_a_link_works_once(self, client: Client, charlie: User, bob: User, secret: str) -> None:
        invitations.accept(secret, charlie)
        for user in (None, bob):
            if user:
                client.force_login(user)
            assert client.get(f"/invitations/{secret}").status_code == 404
            assert client.post(f"/invitations/{secret}", ACCOUNT).status_code == 404
        assert not User.objects.filter(username="erin").exists()

    @pytest.mark.parametrize(
        "end",
        [
            lambda dana, team: Invitation.objects.update(expires=timezone.now()),
            lambda dana, team: invitations.revoke(Invitation.objects.get(), by=dana),
            lambda dana, team: teams.set_member(team, dana, Role.MEMBER, by=None),
            lambda dana, team: teams.remove_member(team, dana, by=None),
            lambda dana, team: User.objects.filter(pk=dana.pk).update(is_active=False),
            lambda dana, team: dana.delete(),
            lambda dana, team: team.delete(),
        ],
        ids=["expired", "revoked", "no maintainer", "no member", "deactivated", "gone", "no team"],
    )
    def test_it_ends_with_what_it_stands_on(
        self, client: Client, dana: User, team: Group, secret: str, end: Any
    ) -> None:
        assert is_open(secret)
        end(dana, team)
        assert client.get(f"/invitations/{secret}").status_code == 404
        assert client.post(f"/invitations/{secret}", ACCOUNT).status_code == 404
        assert not User.objects.filter(username="erin").exists()

    def test_a_maintainer_stays_one(self, dana: User, team: Group, root: User) -> None:
        secret = invitations.create(team, Role.MEMBER, days=1, by=root)
        invitations.accept(secret, dana)
        assert teams.roles(dana) == {"team": Role.MAINTAINER}

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("username", "dana"),
            ("username", "DANA"),
            ("username", "a/b"),
            ("password1", "short"),
            ("password2", "another secret"),
        ],
    )
    def test_a_bad_name_or_password_leaves_the_link_open(
        self, client: Client, secret: str, field: str, value: str
    ) -> None:
        answer = client.post(f"/invitations/{secret}", ACCOUNT | {field: value})
        assert answer.status_code == 400
        assert is_open(secret)

    def test_nobody_makes_a_password_where_they_are_switched_off(
        self, client: Client, secret: str, settings: Any
    ) -> None:
        settings.CODEINDEX_PASSWORDS = False
        assert 'name="password1"' not in client.get(f"/invitations/{secret}").content.decode()
        assert client.post(f"/invitations/{secret}", ACCOUNT).status_code == 403

    def test_opening_links_is_counted(self, client: Client, secret: str, settings: Any) -> None:
        settings.CODEINDEX_ADDRESS_LOGIN_RATE = "2/hour"
        client.defaults["REMOTE_ADDR"] = "192.0.2.77"
        statuses = [client.get(f"/invitations/{'x' * 32}").status_code for _ in range(3)]
        assert statuses == [404, 404, 429]


@pytest.mark.django_db(transaction=True)
def test_of_two_who_come_at_once_one_gets_in(dana: User, secret: str) -> None:
    newcomers = [User.objects.create_user(f"new{number}") for number in range(4)]

    def accept(user: User) -> bool:
        try:
            invitations.accept(secret, user)
        except InvitationRefused:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(accept, newcomers)) == 1
    assert Group.objects.get().user_set.count() == 2

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group, User

from codeindex.accounts import teams
from codeindex.models import AuditRecord, Membership, Repository, Role
from tests import shelf
from tests.codeindex.accounts.sign_on.browsing import Browser, Provider


def memberships() -> dict[str, bool]:
    """Whether sign-on has made each membership of Erin's."""
    erin = User.objects.get(username="erin")
    rows = User.groups.through.objects.filter(user=erin)
    return {
        name: bool(signed)
        for name, signed in rows.values_list("group__name", "details__by_sign_on")
    }


class TestGroups:
    @pytest.fixture
    def says(
        self, provider: Provider, one_connection: None, settings: Any
    ) -> Callable[..., dict[str, bool]]:
        """Erin signs in with these groups; returns her memberships."""
        settings.CODEINDEX_OIDC_TEAMS = {"eng": "backend", "*": "id-*"}

        def sign_in(*groups: str, **claims: Any) -> dict[str, bool]:
            provider.says_of("erin", **({"groups": groups} | claims))
            browser = Browser()
            browser.sign_in("erin")
            assert browser.user() == "erin"
            return memberships()

        return sign_in

    def test_are_teams_by_the_map_on_each_sign_in(self, says: Any) -> None:
        assert says("eng", "ops") == {"backend": True, "id-ops": True}
        assert says("ops") == {"id-ops": True}
        assert says() == {}
        assert set(Group.objects.values_list("name", flat=True)) == {"backend", "id-ops"}

    def test_memberships_made_by_hand_stay(self, says: Any) -> None:
        says()
        erin, team = User.objects.get(), Group.objects.create(name="backend")
        other = Group.objects.create(name="other")
        teams.set_member(team, erin, Role.MAINTAINER, by=None)
        erin.groups.add(other)
        assert says("eng") == {"backend": False, "other": False}
        assert says() == {"backend": False, "other": False}
        assert teams.roles(erin)["backend"] == Role.MAINTAINER

    def test_what_a_team_sees_is_seen_until_the_group_is_gone(self, says: Any, alice: User) -> None:
        says("eng")
        shelf.repository(alice, teams=[Group.objects.get(name="backend")])
        seen = Repository.objects.visible_to(User.objects.get(username="erin"))
        assert seen.exists()
        says("ops")
        assert not seen.exists()

    def test_without_the_claim_nothing_is_granted(self, says: Any, provider: Provider) -> None:
        says("eng")
        provider.says()
        assert says(groups=None) == {}
        assert says(groups=[1, None, "x" * 200, ""]) == {}

    def test_the_claim_has_the_name_of_the_settings(self, says: Any, settings: Any) -> None:
        settings.CODEINDEX_OIDC_GROUPS_CLAIM = "roles"
        assert says("eng", roles=["ops"]) == {"id-ops": True}

    def test_a_group_makes_administrators(self, says: Any, settings: Any) -> None:
        settings.CODEINDEX_OIDC_ADMIN_GROUPS = ["admins"]
        erin = User.objects.filter(username="erin", is_superuser=True, is_staff=True)
        says("admins")
        assert erin.exists()
        says("eng")
        assert not erin.exists()
        User.objects.update(is_superuser=True, is_staff=True)
        says("admins")
        says("eng")
        assert erin.exists()

    def test_the_changes_are_in_the_audit(self, says: Any) -> None:
        says("eng")
        says()
        rows = AuditRecord.objects.filter(action__contains="member").order_by("pk")
        assert list(rows.values_list("action", "user", "subject", "details")) == [
            ("member_added", "erin", "backend", "by single sign-on"),
            ("member_removed", "erin", "backend", "by single sign-on"),
        ]
        assert not Membership.objects.exists()

"""Imports are kept as they are at their code hosts."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group, User

from codeindex import credentials, repositories, tasks
from codeindex.integrations import imports, syncing
from codeindex.models import (
    ImportedRepository,
    Repository,
)
from tests import shelf
from tests.codeindex.integrations.fake_hosts import Fake
from tests.codeindex.integrations.importing import (
    acme,
    importing,
    minutes_left,
    names,
    status,
    sync,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("inside_network")]


class TestSync:
    def test_new_repositories_appear(self, alice: User, fake: Fake) -> None:
        row = sync(importing(fake, alice))
        fake.organisations["acme"] = acme(5)
        sync(row)
        assert names() == ["r1", "r2", "r3", "r4", "r5"]
        assert 59 < minutes_left(row) < 67

    def test_removed_ones_go_when_they_are_missing_twice(self, alice: User, fake: Fake) -> None:
        row = sync(importing(fake, alice))
        gone = fake.organisations["acme"].pop()
        assert minutes_left(sync(row)) < 6
        assert "r3" in names()
        fake.organisations["acme"].append(gone)
        sync(row)
        fake.organisations["acme"].pop()
        sync(row)
        assert "r3" in names()
        sync(row)
        assert names() == ["r1", "r2"]

    def test_an_empty_or_failed_answer_removes_nothing(self, alice: User, fake: Fake) -> None:
        row = sync(importing(fake, alice))
        fake.organisations["acme"].clear()
        for _ in range(3):
            assert sync(row).error == ""
        del fake.organisations["acme"]
        for _ in range(3):
            assert "no such organisation" in sync(row).error
        assert len(names()) == 3

    def test_many_removals_wait_for_a_confirmation(self, alice: User, fake: Fake) -> None:
        fake.organisations["acme"] = acme(40)
        row = sync(importing(fake, alice))
        fake.organisations["acme"] = acme(20)
        for _ in range(3):
            sync(row)
        assert (row.held, len(names())) == (20, 40)
        imports.confirm(row, by=alice)
        row = sync(row)
        assert (row.held, len(names())) == (0, 20)
        fake.organisations["acme"] = acme(2)
        for _ in range(3):
            sync(row)
        assert (row.held, len(names())) == (18, 20)  # a confirmation is used once

    def test_a_renamed_repository_is_followed_by_its_id(self, alice: User, fake: Fake) -> None:
        row = sync(importing(fake, alice))
        before = Repository.objects.get(name="r1")
        fake.organisations["acme"][0].name = "acme/renamed"
        sync(row)
        after = Repository.objects.get(pk=before.pk)
        assert (after.name, after.url) == ("r1", f"{fake.base}/acme/renamed.git")
        assert ImportedRepository.objects.get(host_id="1").full_name == "acme/renamed"
        assert len(names()) == 3

    def test_what_was_removed_here_is_not_imported_again(self, alice: User, fake: Fake) -> None:
        row = sync(importing(fake, alice))
        repositories.remove(Repository.objects.get(name="r2"), by=alice)
        sync(row)
        assert names() == ["r1", "r3"]

    def test_names_that_are_used_already_are_avoided(self, alice: User, fake: Fake) -> None:
        shelf.repository(alice, "r1")
        sync(importing(fake, alice))
        assert names() == ["acme-r1", "r1", "r2", "r3"]

    def test_a_user_s_limit_holds(self, alice: User, fake: Fake, settings: Any) -> None:
        settings.CODEINDEX_REPOSITORIES_PER_USER = 2
        row = sync(importing(fake, alice))
        assert len(names()) == 2
        assert "as many as a user can have" in row.notice
        settings.CODEINDEX_REPOSITORIES_PER_USER = 10
        row = sync(row)
        assert (len(names()), row.notice) == (3, "")

    def test_visibility_and_team(
        self, alice: User, bob: User, charlie: User, team: Group, fake: Fake
    ) -> None:
        sync(importing(fake, alice, team=team))
        assert Repository.objects.visible_to(bob).count() == 3
        assert not Repository.objects.visible_to(charlie).exists()

    def test_another_token_is_used_for_cloning_at_once(self, alice: User, fake: Fake) -> None:
        row = sync(importing(fake, alice))
        fake.failing = status(401)
        assert "expired or was revoked" in sync(row).error
        imports.change_token(row.host, "another", by=alice)
        row.refresh_from_db()
        assert minutes_left(row) <= 0
        made = Repository.objects.get(name="r1")
        assert credentials.decrypt(made.credential) == "x-access-token:another"

    def test_what_is_not_imported_any_longer_stays(self, alice: User, fake: Fake) -> None:
        row = sync(importing(fake, alice))
        imports.remove_host(row.host, by=alice)
        assert len(names()) == 3
        assert not syncing.sync_next(print)

    def test_a_deactivated_owner_s_import_rests(self, alice: User, fake: Fake) -> None:
        importing(fake, alice)
        alice.is_active = False
        alice.save()
        assert not syncing.is_due()

    def test_the_sweep_wakes_what_is_due(self, alice: User, fake: Fake) -> None:
        importing(fake, alice)
        tasks.sync_imports()
        assert len(names()) == 3
        tasks.sweep()
        assert not syncing.is_due()

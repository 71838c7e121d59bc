"""Each change is recorded with who made it, in the transaction that makes it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import transaction
from django.test import Client

from codeindex import audit, repositories, repository_settings, tasks
from codeindex.accounts import tokens
from codeindex.audit import Change
from codeindex.ingestion import runs
from codeindex.models import IndexRun, Repository, Token, Visibility
from tests import shelf

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def recorded(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """What was recorded since the last call."""
    caplog.set_level(logging.DEBUG, "codeindex.audit")

    def take() -> list[str]:
        messages = [each.message for each in caplog.records if each.name == "codeindex.audit"]
        caplog.clear()
        return messages

    return take


def test_a_repository_s_life(
    alice: User, recorded: Callable[[], list[str]], settings: Any, tmp_path: Path
) -> None:
    settings.CODEINDEX_HOME = tmp_path
    shop = repositories.register(url="ssh://git@example.org/shop.git", owner=alice, by=alice)
    repository_settings.change(shop, {"name": "store", "visibility": "public"}, by=alice)
    repository_settings.change(shop, {"name": "store", "deploy_key": ""}, by=alice)
    run = tasks.request_index(repository=shop, by=alice)
    assert run.requested_by == alice
    runs.cancel(run, by=alice)
    runs.cancel(run, by=alice)
    repositories.remove(shop, by=None)
    assert recorded() == [
        "User 'alice' registered the repository 'alice/shop'.",
        "User 'alice' changed the repository 'alice/store'"
        " (name: shop → store; visibility: private → public).",
        "User 'alice' requested an index run of the repository 'alice/store'.",
        f"User 'alice' cancelled an index run of the repository 'alice/store' (run {run.pk}).",
        "The command line removed the repository 'alice/store'.",
    ]


def test_tokens(alice: User, recorded: Callable[[], list[str]]) -> None:
    key = tokens.issue(alice, by=alice)
    shown = key[: tokens.SHOWN]
    tokens.revoke(alice, shown, by=alice)
    created, revoked = recorded()
    assert created == (
        f"User 'alice' created the token '{shown}… of alice'"
        " (search, index, admin; without expiry)."
    )
    assert revoked == f"User 'alice' revoked the token '{shown}… of alice'."
    assert key not in created + revoked


def test_what_an_administrator_changes_on_the_pages(
    client: Client, alice: User, bob: User, charlie: User, recorded: Callable[[], list[str]]
) -> None:
    client.force_login(User.objects.create_superuser("root"))
    created, signed_in = recorded()
    assert created == "The command line created the user 'root' (administrator)."
    assert signed_in == "User 'root' signed in as 'root'."
    shop = shelf.repository(alice, "shop")
    form = {
        "name": "shop", "owner": bob.pk, "visibility": Visibility.PUBLIC, "teams": [],
        "refining": "on",
        "branches-TOTAL_FORMS": 0, "branches-INITIAL_FORMS": 0,
    }  # fmt: skip
    answer = client.post(f"/admin/codeindex/repository/{shop.pk}/change/", form)
    assert answer.status_code == 302
    assert Repository.objects.get().visibility == Visibility.PUBLIC
    assert recorded() == ["User 'root' changed the repository 'bob/shop' (owner, visibility)."]
    client.post(f"/admin/auth/user/{bob.pk}/delete/", {"heir": charlie.pk})
    assert recorded() == ["User 'root' handed over the repository 'bob/shop' (to 'charlie')."]
    tokens.issue(charlie, by=charlie)
    token = Token.objects.get()
    client.post(f"/admin/codeindex/token/{token.pk}/delete/", {"post": "yes"})
    assert recorded()[1:] == [f"User 'root' revoked the token '{token}'."]
    assert not Token.objects.exists()


def test_a_command_acts_for_nobody(
    alice: User, bob: User, recorded: Callable[[], list[str]]
) -> None:
    shelf.repository(alice, "shop")
    call_command("remove-user", "alice", "--hand-over-to", "bob")
    assert recorded() == [
        "The command line handed over the repository 'alice/shop' (to 'bob').",
        "The command line removed the user 'alice'.",
    ]


def test_what_is_rolled_back_is_not_recorded(
    alice: User, recorded: Callable[[], list[str]]
) -> None:
    shop = shelf.repository(alice)
    with transaction.atomic():
        repositories.remove(shop, by=alice)
        transaction.set_rollback(True)
    assert Repository.objects.exists()
    assert recorded() == []


def test_a_record_needs_the_transaction_of_its_change(alice: User) -> None:
    with pytest.raises(AssertionError, match="one transaction"):
        audit.record(Change.REPOSITORY_REMOVED, "alice/shop", by=alice)
    assert not IndexRun.objects.exists()

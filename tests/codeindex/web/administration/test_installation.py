"""Administrators see and change spaces, and see what workers do and what takes space."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from codeindex import tasks
from codeindex.models import IndexRun, Projection, Repository, RunStatus, Space
from codeindex.web import ids
from tests import audited, shelf
from tests.shelf import Written

pytestmark = pytest.mark.django_db

PAGES = "/administration/"


@pytest.fixture
def space() -> Space:
    return shelf.space()


@pytest.fixture
def shop(alice: User, space: Space) -> Repository:
    made = shelf.repository(alice)
    shelf.put(made, "a.py", Written("def a(): ...", "a", (1, 0, 0, 0)))
    return made


@pytest.fixture
def client(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("root"))
    audited.empty()
    return client


def change(client: Client, space: Space, action: str) -> str:
    address = f"{PAGES}spaces/{ids.opaque(ids.Row.SPACE, space.pk)}/change"
    response = client.post(address, {"action": action}, follow=True)
    space.refresh_from_db()
    return str(response.content.decode())


class TestSpaces:
    def test_are_shown_with_what_they_lack(
        self, client: Client, shop: Repository, space: Space
    ) -> None:
        Projection.objects.create(space=space, texts=1, trustworthiness=0.9, is_complete=True)
        other = Space.objects.create(name="other", fingerprint="x", dimensions=3, problem="No GPU.")
        shown = client.get(f"{PAGES}spaces/").content.decode()
        for part in ("a small space", "active", "other", "building", "No GPU.", "0.900"):
            assert part in shown
        assert "of 1" in shown
        assert other.state == "building"

    def test_one_without_vectors_is_filled_before_it_is_active(
        self, client: Client, shop: Repository, space: Space
    ) -> None:
        other = Space.objects.create(name="other", fingerprint="x", dimensions=4)
        assert "lacks 1 vectors" in change(client, other, "activate")
        assert other.state == "building"
        other.embeddings.update(state="ready", vector=[1, 0, 0, 0])
        assert "other is active" in change(client, other, "activate")
        space.refresh_from_db()
        assert (other.state, space.state) == ("active", "retired")
        assert audited.rows("action", "user", "subject")[-1] == ("space_activated", "root", "other")

    def test_another_one_than_the_settings_name_is_not(
        self, client: Client, space: Space, settings: Any
    ) -> None:
        settings.CODEINDEX_CHECKPOINT = "large"
        other = Space.objects.create(name="other", fingerprint="x", dimensions=4)
        assert "The settings name another encoder" in change(client, other, "activate")

    def test_refining_is_paused_and_resumed(self, client: Client, space: Space) -> None:
        change(client, space, "pause")
        assert not space.refining
        change(client, space, "resume")
        assert space.refining
        assert [action for (action,) in audited.rows("action")] == ["space_changed"] * 2

    def test_the_active_one_stays_and_a_retired_one_is_removed_by_a_worker(
        self, client: Client, space: Space, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sent: list[tuple[object, ...]] = []
        monkeypatch.setattr(tasks.remove_space, "delay", lambda *given: sent.append(given))
        assert "Activate another space first" in change(client, space, "retire")
        assert "cannot be done" in change(client, space, "remove")
        assert "cannot be done" in change(client, space, "dance")
        other = Space.objects.create(name="other", fingerprint="x", dimensions=4)
        assert "other is retired" in change(client, other, "retire")
        assert "is being removed" in change(client, other, "remove")
        assert sent == [(other.pk, User.objects.get(username="root").pk)]


@pytest.mark.django_db(transaction=True)
def test_a_worker_removes_a_space_once(alice: User) -> None:
    space = shelf.space()
    tasks.remove_space(space.pk, alice.pk)
    assert Space.objects.exists()
    Space.objects.update(state="retired")
    tasks.remove_space(space.pk, alice.pk)
    tasks.remove_space(space.pk, alice.pk)
    assert not Space.objects.exists()
    assert audited.rows("action", "user")[1:] == [("space_removed", "alice")]


def test_workers_and_what_waits_are_shown(client: Client, shop: Repository) -> None:
    IndexRun.objects.create(branch=shop.branches.get(), status=RunStatus.QUEUED, attempts=2)
    response = client.get(f"{PAGES}workers/")
    shown = response.content.decode()
    assert [name for name, _ in response.context["queues"]] == ["embed", "ingest", "light"]
    assert "No worker answers" in shown
    assert "waiting for a worker" in shown


def test_a_broker_that_is_down_is_said(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from codeindex.celery import app  # noqa: PLC0415

    monkeypatch.setattr(app, "connection_for_read", lambda: app.connection("redis://127.0.0.1:1/0"))
    assert "broker cannot be reached" in client.get(f"{PAGES}workers/").content.decode()


def test_storage_is_shown_by_table(client: Client, shop: Repository) -> None:
    response = client.get(f"{PAGES}storage/")
    assert {"codeindex_text", "codeindex_blob"} <= {t.name for t in response.context["tables"]}
    assert response.context["database"] > 0

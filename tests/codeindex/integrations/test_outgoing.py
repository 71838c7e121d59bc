"""Others are told how index runs end: once it is true, signed, and until they have taken it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from standardwebhooks import Webhook

from codeindex import outbox, repositories, tasks
from codeindex.ingestion import pipeline, publishing, runs
from codeindex.integrations import http, outgoing
from codeindex.models import (
    IndexRun,
    OutgoingDelivery,
    OutgoingEvent,
    OutgoingWebhook,
    Repository,
    RunStatus,
)
from codeindex.web import ids
from tests import hosts, shelf
from tests.codeindex.integrations import fake_hosts
from tests.git import GitRepository

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("inside_network")]

Received = tuple[dict[str, str], bytes]


@contextmanager
def receiver(status: int = 204, address: str = "127.0.0.2") -> Iterator[tuple[str, list[Received]]]:
    """An address that keeps what it receives."""
    received: list[Received] = []

    def answer(request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers["Content-Length"] or 0))
        received.append((dict(request.headers), body))
        location = {"Location": "http://127.0.0.1/"} if status == 302 else None
        fake_hosts.send(request, status, b"", location)

    with hosts.serving(answer, address) as host:
        yield f"{host.url}/hook?key=s3cret", received


def webhook(
    owner: User,
    url: str = "https://hooks.example",
    events: Any = OutgoingEvent,
    repository: Repository | None = None,
) -> outgoing.NewOutgoingWebhook:
    return outgoing.create(owner, "ci", url, events, repository, by=owner)


@pytest.fixture
def shop(alice: User, team: Group) -> Repository:
    return shelf.repository(alice, "shop", teams=[team])


def failed(repository: Repository) -> IndexRun:
    run = IndexRun.objects.create(branch=repository.branches.get(), commit="a" * 40)
    assert runs.fail(run, "The host is down.")
    return run


def later() -> None:
    """Time passes until everything is due."""
    OutgoingDelivery.objects.exclude(due=None).update(due=timezone.now() - timedelta(seconds=1))


def test_a_failed_run_is_told_signed(alice: User, shop: Repository) -> None:
    with receiver() as (url, received):
        secret = webhook(alice, url).secret
        run = failed(shop)
        tasks.send_webhooks()
        assert not outgoing.send_due()
    ((headers, body),) = received
    told = Webhook(secret).verify(body, headers)
    assert told["type"] == "run.failed"
    data = told["data"]
    assert data["repository"] == "alice/shop"
    assert data["run_id"] == ids.opaque(ids.Row.RUN, run.pk)
    assert (data["commit"], data["error"]) == ("a" * 40, "The host is down.")
    delivery = OutgoingDelivery.objects.get()
    assert (delivery.error, delivery.due, delivery.attempts) == ("", None, 1)
    assert headers["webhook-id"] == str(delivery.uid)


def test_a_finished_run_is_told(alice: User, source: GitRepository, registered: Repository) -> None:
    webhook(alice)
    source.commit({"README": ""})
    assert pipeline.index(tasks.request_index(repository=registered, by=None).pk)
    publishing.settle_all()
    run = IndexRun.objects.get()
    assert run.finished
    delivery = OutgoingDelivery.objects.get()
    assert (delivery.run, delivery.event) == (run, "run.finished")


def test_a_run_that_another_one_replaces_is_told_as_finished(alice: User, shop: Repository) -> None:
    webhook(alice)
    first = shop.branches.get().live_run
    IndexRun.objects.filter(pk=first.pk).update(finished=None)
    second = IndexRun.objects.create(branch=shop.branches.get(), status=RunStatus.EMBEDDING)
    assert publishing.publish(second)
    publishing.settle(second)
    told = OutgoingDelivery.objects.order_by("pk").values_list("run", "event")
    assert list(told) == [(first.pk, "run.finished"), (second.pk, "run.finished")]


def test_what_is_rolled_back_is_not_told(alice: User, shop: Repository) -> None:
    webhook(alice)
    with transaction.atomic():
        failed(shop)
        transaction.set_rollback(True)
    assert not OutgoingDelivery.objects.exists()


def test_a_cancelled_run_is_not_told(alice: User, shop: Repository) -> None:
    webhook(alice)
    run = IndexRun.objects.create(branch=shop.branches.get())
    assert runs.cancel(run, by=alice)
    assert not OutgoingDelivery.objects.exists()


class TestReach:
    def test_only_events_and_repositories_that_were_chosen(
        self, alice: User, shop: Repository
    ) -> None:
        other = shelf.repository(alice, "other")
        webhook(alice, events=[OutgoingEvent.FINISHED])
        wanted = webhook(alice, repository=other).webhook
        failed(shop)
        failed(other)
        assert OutgoingDelivery.objects.get().webhook == wanted

    def test_only_who_manages_a_repository_is_told(
        self, alice: User, bob: User, charlie: User, shop: Repository
    ) -> None:
        root = User.objects.create_superuser("root")
        for user in (alice, bob, charlie, root):
            webhook(user)
        failed(shop)
        told = OutgoingDelivery.objects.values_list("webhook__owner__username", flat=True)
        assert sorted(told) == ["alice", "root"]

    @pytest.mark.parametrize("how", ["deactivated", "handed over"])
    def test_who_no_longer_manages_it_is_not_told_any_more(
        self, alice: User, bob: User, shop: Repository, how: str
    ) -> None:
        with receiver() as (url, received):
            webhook(alice, url)
            failed(shop)
            if how == "deactivated":
                User.objects.filter(pk=alice.pk).update(is_active=False)
            else:
                Repository.objects.update(owner=bob)
            outgoing.send_due()
            assert received == []
        assert not OutgoingDelivery.objects.exists()

    def test_a_removed_repository_takes_its_messages_along(
        self, alice: User, shop: Repository
    ) -> None:
        webhook(alice)
        failed(shop)
        repositories.remove(shop, by=alice)
        assert not outgoing.is_due()


class TestRetries:
    @pytest.mark.parametrize("status", [301, 302, 400, 404, 429, 500, 503])
    def test_what_is_not_taken_is_sent_again(
        self, alice: User, shop: Repository, status: int
    ) -> None:
        with receiver(status) as (url, received):
            webhook(alice, url)
            failed(shop)
            assert outgoing.send_due()
            delivery = OutgoingDelivery.objects.get()
            assert delivery.error == f"The receiver answered with {status}."
            assert delivery.due
            assert not outgoing.send_due()
            later()
            outgoing.send_due()
        (first, body), (second, again) = received
        assert (first["webhook-id"], body) == (second["webhook-id"], again)

    def test_ever_later_and_at_last_not_at_all(self, alice: User, shop: Repository) -> None:
        with receiver(500) as (url, received):
            webhook(alice, url)
            failed(shop)
            waits = []
            while outgoing.is_due():
                outgoing.send_due()
                if (due := OutgoingDelivery.objects.get().due) is not None:
                    waits.append(round((due - timezone.now()).total_seconds() / 60))
                later()
        assert waits == [0, 5, 30, 120, 300, 600, 840, 1200, 1440]
        assert len(received) == 10

    def test_a_receiver_that_is_gone_is_not_called_again(
        self, alice: User, shop: Repository
    ) -> None:
        with receiver(410) as (url, _):
            webhook(alice, url)
            failed(shop)
            outgoing.send_due()
        assert OutgoingDelivery.objects.get().due is None

    def test_one_that_hangs_does_not_hold_up_others(
        self, alice: User, shop: Repository, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(http, "EXCHANGE_SECONDS", 1.0)
        with hosts.serving(hosts.trickling, "127.0.0.2") as slow, receiver() as (url, received):
            webhook(alice, slow.url)
            webhook(alice, url)
            failed(shop)
            outgoing.send_due()
            assert len(received) == 1
        errors = set(OutgoingDelivery.objects.values_list("error", flat=True))
        assert errors == {"", "The host did not answer in time."}

    def test_old_messages_are_forgotten(self, alice: User, shop: Repository) -> None:
        webhook(alice)
        failed(shop)
        OutgoingDelivery.objects.update(created=timezone.now() - timedelta(days=8))
        tasks.forget()
        assert OutgoingDelivery.objects.exists()  # not sent yet
        OutgoingDelivery.objects.update(due=None)
        tasks.forget()
        assert not OutgoingDelivery.objects.exists()


def test_no_inside_address_is_called(alice: User, shop: Repository) -> None:
    with receiver(address="127.0.0.1") as (url, received):
        webhook(alice, url)
        failed(shop)
        outgoing.send_due()
        assert received == []
    assert "in a network from which" in OutgoingDelivery.objects.get().error


@pytest.mark.parametrize(
    "url",
    [
        "", "x", "ftp://host/", "file:///etc/passwd", "https://", "https://u:p@host/", "http://h:0/",
        "https://host/ x", "https://hö.example/", "https://[/", "https://h/" + "x" * 3_000,
    ],
)  # fmt: skip
def test_what_cannot_be_called_is_refused(alice: User, url: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        webhook(alice, url)
    assert list(refusal.value.message_dict) == ["url"]


def test_recording_asks_little_of_the_database_where_nobody_listens(
    shop: Repository, django_assert_num_queries: Callable[[int], Any]
) -> None:
    run = IndexRun.objects.select_related("branch").get()
    with django_assert_num_queries(1):
        outbox.record(OutgoingEvent.FINISHED, [run])


class TestDoors:
    def test_page(self, client: Client, alice: User, bob: User, shop: Repository) -> None:
        client.force_login(alice)
        form = {"name": "ci", "url": "https://hooks.example/T0/s3cret", "events": ["run.failed"]}
        page = client.post("/webhooks/outgoing/", form)
        assert "whsec_" in page.text
        row = OutgoingWebhook.objects.get()
        listed = client.get("/webhooks/outgoing/").text
        assert "https://hooks.example<" in listed
        assert "s3cret" not in listed + row.url
        assert "whsec_" not in listed
        failed(shop)
        assert "waiting" in client.get("/webhooks/outgoing/").text
        assert client.post("/webhooks/outgoing/", {"name": "x", "url": "y"}).status_code == 400
        removal = reverse("remove-outgoing-webhook", args=[row.pk])
        client.force_login(bob)
        assert "hooks.example" not in client.get("/webhooks/outgoing/").text
        assert client.post(removal).status_code == 404
        client.force_login(alice)
        assert client.post(removal).status_code == 302
        assert not OutgoingWebhook.objects.exists()

    def test_rest(self, client: Client, alice: User, bob: User, shop: Repository) -> None:
        client.force_login(alice)
        wanted = {"name": "ci", "url": "https://hooks.example/x", "repository": "alice/shop"}
        made = client.post("/api/v1/outgoing-webhooks", wanted, content_type="application/json")
        assert made.status_code == 201
        told = made.json()
        assert json.dumps(told).count("hooks.example/x") == 0
        assert told["webhook"]["events"] == ["run.failed", "run.finished", "search.matched"]
        address = f"/api/v1/outgoing-webhooks/{told['webhook']['id']}"
        client.force_login(bob)
        assert client.get("/api/v1/outgoing-webhooks").json() == []
        assert client.delete(address).status_code == 404
        client.force_login(alice)
        assert len(client.get("/api/v1/outgoing-webhooks").json()) == 1
        assert client.delete(address).status_code == 204

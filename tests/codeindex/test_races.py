"""The same request many times at once, and requests for what is just being removed."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import Client

from codeindex import repositories
from codeindex.accounts import tokens
from codeindex.models import IndexRun, Repository, RunStatus, Token
from tests import shelf

pytestmark = pytest.mark.django_db(transaction=True)

REPOSITORIES = "/api/v1/repositories"
MANY = 8


@pytest.fixture
def signed(alice: User) -> dict[str, str]:
    return {"Authorization": f"Token {tokens.issue(alice, by=alice)}"}


def statuses(ask: Callable[[Client], Any], clients: list[Client]) -> Counter[int]:
    """How often each status came, of requests that begin together."""
    together = threading.Barrier(len(clients))

    def status(client: Client) -> int:
        client.raise_request_exception = False
        together.wait()
        try:
            return ask(client).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(len(clients)) as threads:
        return Counter(threads.map(status, clients))


def signed_in(user: User) -> list[Client]:
    clients = [Client() for _ in range(MANY)]
    for client in clients:
        client.force_login(user)
    return clients


def test_one_of_many_gets_a_name(alice: User) -> None:
    form = {"url": "https://example.org/shop.git", "visibility": "private"}
    answers = statuses(lambda client: client.post("/repositories/register", form), signed_in(alice))
    assert answers == {302: 1, 400: MANY - 1}
    assert Repository.objects.count() == 1


def test_a_name_that_another_has_just_got_is_told_by_field(
    client: Client, alice: User, signed: dict[str, str]
) -> None:
    """The other's transaction ends only after this one has looked whether the name is free."""
    taken = threading.Event()
    answers: list[Any] = []

    def ask() -> None:
        try:
            wanted = {"url": "https://example.org/shop.git"}
            answers.append(
                Client().post(REPOSITORIES, wanted, content_type="application/json", headers=signed)
            )
        finally:
            connection.close()

    with psycopg.connect(**connection.get_connection_params()) as other:
        other.execute(
            "INSERT INTO codeindex_repository (owner_id, name, url, credential, visibility)"
            " VALUES (%s, 'shop', '', '', 'private')",
            [alice.pk],
        )
        taken.set()
        asking = threading.Thread(target=ask)
        asking.start()
        wait_for_a_lock()
    asking.join()
    (answer,) = answers
    assert answer.status_code == 400
    assert "already exists" in answer.json()["non_field_errors"][0]
    assert "repository_name_of_owner" not in answer.content.decode()


def test_many_new_tokens(alice: User) -> None:
    form = {"scopes": ["search"], "days": "90"}
    answers = statuses(lambda client: client.post("/account/token", form), signed_in(alice))
    assert answers == {200: MANY}
    assert Token.objects.count() == MANY


def test_one_of_many_cancels(alice: User, signed: dict[str, str]) -> None:
    shop = shelf.repository(alice)
    run = IndexRun.objects.create(branch=shop.branches.get())
    address = f"{REPOSITORIES}/{shop.pk}/runs/{run.pk}/cancel"
    clients = [Client(headers=signed) for _ in range(MANY)]
    assert statuses(lambda client: client.post(address), clients) == {200: 1, 409: MANY - 1}
    run.refresh_from_db()
    assert run.status == RunStatus.CANCELLED


def test_many_ask_for_one_run(alice: User, signed: dict[str, str]) -> None:
    shop = shelf.repository(alice)
    clients = [Client(headers=signed) for _ in range(MANY)]
    assert statuses(lambda client: client.post(f"{REPOSITORIES}/{shop.pk}/runs"), clients) == {
        201: MANY
    }
    assert IndexRun.objects.filter(status=RunStatus.QUEUED).count() == 1


def test_one_of_many_removes(alice: User, signed: dict[str, str]) -> None:
    shop = shelf.repository(alice)
    clients = [Client(headers=signed) for _ in range(MANY)]
    answers = statuses(lambda client: client.delete(f"{REPOSITORIES}/{shop.pk}"), clients)
    assert set(answers) <= {204, 404}
    assert not Repository.objects.exists()


@pytest.mark.parametrize("page", [True, False])
def test_what_is_removed_meanwhile_is_not_indexed(alice: User, page: bool) -> None:
    """The run is asked for while the removal has begun, and made after it has ended."""
    shop = shelf.repository(alice)
    address = f"/repositories/{shop.pk}/index" if page else f"{REPOSITORIES}/{shop.pk}/runs"
    (client, *_) = signed_in(alice)
    client.raise_request_exception = False
    with ThreadPoolExecutor(1) as thread:
        with removal_under_way(shop):
            asking = thread.submit(closing(lambda: client.post(address).status_code))
            wait_for_a_lock()
        assert asking.result() == 404
    assert not IndexRun.objects.exists()


def test_indexing_and_removing_at_once(alice: User, signed: dict[str, str]) -> None:
    for _ in range(5):
        shop = shelf.repository(alice)
        clients = [Client(headers=signed) for _ in range(MANY)]
        removing = clients[0]

        def ask(client: Client, shop: Repository = shop, removing: Client = removing) -> Any:
            address = f"{REPOSITORIES}/{shop.pk}"
            return client.delete(address) if client is removing else client.post(f"{address}/runs")

        answers = statuses(ask, clients)
        assert set(answers) <= {201, 204, 404}
        assert not Repository.objects.exists()


def closing(ask: Callable[[], int]) -> Callable[[], int]:
    def status() -> int:
        try:
            return ask()
        finally:
            connection.close()

    return status


@contextmanager
def removal_under_way(repository: Repository) -> Iterator[None]:
    """Ends with the block."""
    done, begun = threading.Event(), threading.Event()

    def remove() -> None:
        try:
            with transaction.atomic():
                repositories.remove(repository, by=None)
                begun.set()
                done.wait(60)
        finally:
            connection.close()

    removing = threading.Thread(target=remove)
    removing.start()
    assert begun.wait(60)
    try:
        yield
    finally:
        done.set()
        removing.join()


def wait_for_a_lock() -> None:
    """Until another connection waits for a lock."""
    with psycopg.connect(**connection.get_connection_params()) as looking:
        looking.autocommit = True
        for _ in range(6000):
            waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            if looking.execute(waiting).fetchone() != (0,):
                return
            threading.Event().wait(0.01)
    raise AssertionError("Nobody waits.")

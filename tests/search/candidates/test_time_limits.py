"""A search ends: after its time, or when nobody waits for it any more."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from typing import Any

import psycopg
import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.test import Client

from codeindex.web.worker import Connections
from search.candidates import sql
from tests import shelf
from tests.search.asking import find
from tests.shelf import Written

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def beside() -> Iterator[psycopg.Connection]:
    """Another connection to the same database."""
    named = connection.settings_dict
    with psycopg.connect(host=named["HOST"], dbname=named["NAME"], user=named["USER"]) as other:
        yield other


@pytest.fixture
def shop(alice: User) -> None:
    shelf.put(shelf.repository(alice, visibility="public"), "a.py", Written("def retry(): ..."))


@pytest.fixture
def endless(shop: None) -> Iterator[psycopg.Connection]:
    """Statements that look for definitions wait until this ends."""
    with beside() as other:
        other.execute("LOCK TABLE codeindex_definition IN ACCESS EXCLUSIVE MODE")
        yield other


@pytest.fixture
def waiting(endless: psycopg.Connection) -> Callable[[], int]:
    """How many statements wait."""

    def count() -> int:
        (value,) = endless.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        ).fetchone()
        endless.execute("SELECT pg_stat_clear_snapshot()")
        return value

    return count


@pytest.mark.parametrize("address", ["/?q=retry", "/api/v1/search?q=retry"])
def test_a_search_that_takes_too_long_says_so(
    client: Client, settings: Any, endless: object, address: str
) -> None:
    settings.CODEINDEX_SEARCH_SECONDS = 1
    began = time.monotonic()
    response = client.get(address)
    assert response.status_code == 503
    assert "took longer than 1 seconds" in response.content.decode()
    assert time.monotonic() - began < 5


def test_the_command_says_so_too(settings: Any, endless: object) -> None:
    settings.CODEINDEX_SEARCH_SECONDS = 1
    with pytest.raises(CommandError, match="took longer than 1 seconds"):
        call_command("search", "retry", stdout=StringIO())


def test_the_limit_is_of_all_statements_together(settings: Any) -> None:
    """And not of what happens between them."""
    settings.CODEINDEX_SEARCH_SECONDS = 1
    with sql.time_limit():
        sql.rows("SELECT pg_sleep(0.4)", {})
        time.sleep(1)
        assert sql.rows("SELECT 'further'", {})
        with pytest.raises(sql.SearchTimeout):
            sql.rows("SELECT pg_sleep(0.8)", {})


def test_the_limit_is_of_searches_alone(shop: None, alice: User) -> None:
    assert find(alice, "retry").results
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("0",)


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, int]]:
    """Where a web server answers, in threads of this process, which keep no connection."""
    monkeypatch.setitem(connection.settings_dict, "CONN_MAX_AGE", 0)
    listener, ending = socket.create_server(("127.0.0.1", 0)), threading.Event()

    def serve() -> None:
        connections = Connections(get_wsgi_application(), threads=2)
        connections.listen(listener)
        while not ending.is_set():
            connections.poll(0.05)
        connections.close(3)

    server = threading.Thread(target=serve)
    server.start()
    yield listener.getsockname()
    ending.set()
    server.join()


@pytest.mark.parametrize("path", [b"/?q=retry", b"/api/v1/search?q=retry"])
def test_an_abandoned_search_is_cancelled(
    address: tuple[str, int], waiting: Callable[[], int], path: bytes
) -> None:
    with socket.create_connection(address) as reader:
        reader.sendall(b"GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n" % path)
        assert comes(lambda: waiting() == 1)
    assert comes(lambda: waiting() == 0, seconds=4)


def test_one_that_is_waited_for_is_not(
    address: tuple[str, int],
    endless: psycopg.Connection,
    waiting: Callable[[], int],
) -> None:
    with socket.create_connection(address) as reader:
        reader.sendall(b"GET /?q=retry HTTP/1.0\r\nHost: localhost\r\n\r\n")
        assert comes(lambda: waiting() == 1)
        time.sleep(1.2)
        assert waiting() == 1
        endless.rollback()
        assert b" 200 OK" in reader.recv(1000)


def comes(condition: Callable[[], bool], seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while not (met := condition()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return met

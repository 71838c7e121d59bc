from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.test import Client

from codeindex.models import Repository
from codeindex.web.worker import Connections
from tests import shelf
from tests.search.mcp.calling import Ask, Called, call
from tests.shelf import Written

LOAD = '''def load(path):
    """Read a file as text.

    And close it."""
    with open(path) as file:
        return file.read()
'''


@pytest.fixture
def shop(alice: User) -> Repository:
    made = shelf.repository(alice)
    shelf.put(made, "src/load.py", Written(LOAD, "load", docstring="Read a file as text."))
    shelf.put(made, "src/add.py", Written("def add(a, b):\n    return a + b\n", "add"))
    return made


@pytest.fixture
def ask(client: Client) -> Ask:
    """Calls a tool over HTTP, as a user if one is given."""

    def asked(tool: str, user: User | None = None, **arguments: Any) -> Called:
        return call(client, tool, arguments, user)

    return asked


@pytest.fixture
def address(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, int]]:
    """Where the web server answers, in eight threads of this process, which keep no connection to
    the database."""
    monkeypatch.setitem(connection.settings_dict, "CONN_MAX_AGE", 0)
    listener, ending = socket.create_server(("127.0.0.1", 0)), threading.Event()

    def serve() -> None:
        connections = Connections(get_wsgi_application(), threads=8)
        connections.listen(listener)
        while not ending.is_set():
            connections.poll(0.02)
        connections.close(3)

    server = threading.Thread(target=serve)
    server.start()
    yield listener.getsockname()
    ending.set()
    server.join()

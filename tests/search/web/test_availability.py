"""While Postgres is away pages and API say so, and are back by themselves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client


@contextmanager
def database_away(folder: Path) -> Iterator[None]:
    """The socket is where no server listens, and connections that were open are gone."""
    server = connection.settings_dict["HOST"]
    connection.close()
    connection.settings_dict["HOST"] = str(folder)
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["HOST"] = server


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "address",
    ["/?q=retry", "/", "/repositories/", "/api/v1/search?q=retry", "/api/v1/repositories"],
)
def test_says_when_to_try_again_and_is_back(client: Client, tmp_path: Path, address: str) -> None:
    with database_away(tmp_path):
        away = client.get(address)
    assert (away.status_code, away.headers["Retry-After"]) == (503, "5")
    assert "is not responding" in away.content.decode()
    assert away.headers["Content-Type"].startswith(
        "application/problem+json" if "/api/" in address else "text/html"
    )
    assert client.get(address).status_code == 200


def test_health_needs_no_database(client: Client) -> None:
    assert client.get("/health").status_code == 200

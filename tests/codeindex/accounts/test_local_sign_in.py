"""Whoever can read the state folder of a running server can ask it without a token."""

from __future__ import annotations

import stat
import time
from io import StringIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django.live_server_helper import LiveServer

from codeindex.client import Unauthorized, local_server
from codeindex.client.local_server import LocalServer, Signed, signature
from codeindex.local_services import announcement
from codeindex.models import AuditRecord, Repository
from tests import shelf
from tests.shelf import Written

KEY = local_server.new_key()


@pytest.fixture
def home(tmp_path: Path, settings: Any) -> Path:
    settings.CODEINDEX_HOME = tmp_path
    return tmp_path


@pytest.fixture
def administrator(db: None) -> User:
    return User.objects.create_superuser("root")


@pytest.fixture
def shop(alice: User) -> Repository:
    made = shelf.repository(alice)
    shelf.put(made, "src/load.py", Written("def load(csv): ...", "load"))
    return made


@pytest.mark.django_db(transaction=True)
class TestRunningServer:
    @pytest.fixture
    def announced(self, home: Path, live_server: LiveServer) -> LocalServer:
        server = LocalServer(live_server.url, KEY, {})
        announcement.announce(home, server)
        return server

    def test_sees_what_an_administrator_sees(
        self, announced: LocalServer, administrator: User, shop: Repository
    ) -> None:
        with announced.client() as client:
            (result,) = client.search("csv & more", path=["src/*"]).results
            assert client.index(client.repositories()[0].id).status == "queued"
        assert result.path == "src/load.py"

    def test_the_audit_says_that_it_was_a_command(
        self, announced: LocalServer, administrator: User
    ) -> None:
        with announced.client() as client:
            client.search("csv")
        record = AuditRecord.objects.get(action="searched")
        assert (record.door, record.user) == ("command", administrator.username)

    def test_without_an_administrator_nobody_is_signed_in(
        self, announced: LocalServer, shop: Repository
    ) -> None:
        with announced.client() as client, pytest.raises(Unauthorized, match="no administrator"):
            client.search("csv")

    def test_another_key_is_refused(self, announced: LocalServer, administrator: User) -> None:
        other = LocalServer(announced.url, local_server.new_key(), {})
        with other.client() as client, pytest.raises(Unauthorized, match="signature"):
            client.search("csv")

    @pytest.mark.parametrize("seconds", [-120, 120])
    def test_an_old_signature_is_refused(
        self, announced: LocalServer, administrator: User, seconds: int
    ) -> None:
        auth = Signed(KEY, clock=lambda: time.time() + seconds)
        assert httpx.get(f"{announced.url}/api/v1/repositories", auth=auth).status_code == 401

    def test_the_command_asks_it(
        self,
        announced: LocalServer,
        home: Path,
        administrator: User,
        shop: Repository,
        settings: Any,
    ) -> None:
        with pytest.raises(CommandError, match="no repository none"):
            run("search", "csv", "--repo", "none")
        settings.CODEINDEX_SEARCH_RATE = "1/hour"  # of the server alone
        asked = run("search", "csv", "--json")
        with pytest.raises(CommandError, match="Too many searches"):
            run("search", "csv", "--json")
        announcement.withdraw(home, KEY)
        assert run("search", "csv", "--json") == asked

    def test_the_command_searches_itself_when_the_server_was_killed(
        self, home: Path, administrator: User, shop: Repository
    ) -> None:
        announcement.announce(home, LocalServer("http://127.0.0.1:9", KEY, {}))
        assert "src/load.py:1" in run("search", "csv")


def run(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


class TestSignature:
    """It holds for one method, address and body."""

    @pytest.fixture
    def served(self, home: Path, administrator: User) -> None:
        announcement.announce(home, LocalServer("http://testserver", KEY, {}))

    def header(self, *, method: str = "GET", path: str = "/api/v1/repositories",
               query: str = "", body: bytes = b"") -> dict[str, str]:  # fmt: skip
        now = int(time.time())
        signed = signature(KEY, now, method, path.encode(), query, body)
        return {"Authorization": f"{local_server.SCHEME} {now} {signed}"}

    def test_of_what_was_signed(self, served: None, client: Client) -> None:
        assert client.get("/api/v1/repositories", headers=self.header()).status_code == 200

    @pytest.mark.parametrize(
        "of",
        [{"method": "POST"}, {"path": "/api/v1/search"}, {"query": "a=1"}, {"body": b"{}"}],
    )
    def test_of_anything_else(self, served: None, client: Client, of: dict[str, Any]) -> None:
        response = client.get("/api/v1/repositories", headers=self.header(**of))
        assert response.status_code == 401

    @pytest.mark.parametrize(
        "credentials", ["", "1", "a b", f"{'9' * 5000} {'0' * 64}", "1 " + "0" * 64, "1 é"]
    )
    def test_of_nothing(self, served: None, client: Client, credentials: str) -> None:
        header = {"Authorization": f"local {credentials}"}
        assert client.get("/api/v1/repositories", headers=header).status_code == 401

    def test_while_no_server_runs(self, home: Path, administrator: User, client: Client) -> None:
        assert client.get("/api/v1/repositories", headers=self.header()).status_code == 401


class TestAnnouncement:
    def test_is_its_owners_alone(self, tmp_path: Path) -> None:
        announcement.announce(tmp_path, LocalServer("http://127.0.0.1:8000/", KEY, {}))
        (file,) = tmp_path.iterdir()
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        announcement.withdraw(tmp_path, "of another server")
        assert file.exists()
        announcement.withdraw(tmp_path, KEY)
        assert not file.exists()

    @pytest.mark.parametrize("content", ["", "[]", "{}", "1", "\udcff"])
    def test_that_is_odd_is_none(self, tmp_path: Path, content: str) -> None:
        file = tmp_path / local_server.FILE
        file.write_bytes(content.encode(errors="surrogateescape"))
        assert local_server.in_folder(tmp_path) is None

    @pytest.mark.parametrize(
        ("allowed", "behind_tls", "headers"),
        [
            (["localhost", "127.0.0.1"], False, {}),
            (["*"], False, {}),
            (["code.example.org"], False, {"Host": "code.example.org"}),
            ([".example.org"], True, {"Host": "example.org", "X-Forwarded-Proto": "https"}),
        ],
    )
    def test_requests_look_as_if_they_came_through_the_proxy(
        self, allowed: list[str], behind_tls: bool, headers: dict[str, str]
    ) -> None:
        assert announcement.proxy_headers(allowed, behind_tls=behind_tls) == headers

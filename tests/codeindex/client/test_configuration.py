"""Which server is asked, with which token, and where both are kept."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from pytest_django.live_server_helper import LiveServer

from codeindex.client import Misconfigured, configuration
from codeindex.client.configuration import Server, chosen
from tests.codeindex.client.conftest import Command

WORK, HOME = "https://work.example.org", "https://home.example.org"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {"XDG_CONFIG_HOME": str(tmp_path)}


@pytest.fixture
def two(environment: dict[str, str]) -> None:
    configuration.store("home", Server(HOME, "token-h"), environment)
    configuration.store("work", Server(WORK, "token-w"), environment)


@pytest.mark.parametrize(
    ("server", "variables", "expected"),
    [
        ("", {}, Server(WORK, "token-w")),
        ("home", {}, Server(HOME, "token-h")),
        (HOME, {}, Server(HOME, "token-h")),
        (f"{HOME}/", {}, Server(HOME, "token-h")),
        ("https://other.example.org", {}, Server("https://other.example.org")),
        (
            "",
            {"CODEINDEX_URL": "https://x.org", "CODEINDEX_TOKEN": "t"},
            Server("https://x.org", "t"),
        ),
        ("", {"CODEINDEX_URL": HOME}, Server(HOME, "token-h")),
        ("", {"CODEINDEX_TOKEN": "t"}, Server(WORK, "t")),
    ],
)
def test_the_server_that_is_asked(
    two: None, environment: dict[str, str], server: str, variables: dict[str, str], expected: Server
) -> None:
    assert chosen(server, {**environment, **variables}) == expected


@pytest.mark.parametrize("server", ["home", HOME, "https://other.example.org"])
@pytest.mark.parametrize("url", [{}, {"CODEINDEX_URL": "https://x.org"}])
def test_the_token_of_one_server_is_not_sent_to_another(
    two: None, environment: dict[str, str], server: str, url: dict[str, str]
) -> None:
    assert chosen(server, {**environment, **url, "CODEINDEX_TOKEN": "t"}).token != "t"


def test_the_file_is_its_owners_alone(two: None, tmp_path: Path) -> None:
    file = tmp_path / "codeindex/config.toml"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [*file.parent.iterdir()] == [file]


def test_what_somebody_wrote_into_the_file_stays(
    two: None, environment: dict[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "codeindex/config.toml"
    file.write_text("# mine\n" + file.read_text())
    configuration.store("third", Server("https://third.example.org"), environment)
    configuration.remove("home", environment)
    assert file.read_text().startswith("# mine\n")
    assert configuration.names(environment) == ["work", "third"]


@pytest.mark.parametrize(
    "content",
    ["default = 1", "servers = 1", "[servers]\nwork = 1", "[servers.work]\nurl = 1", "[", "\xff"],
)
def test_an_odd_file_is_told(environment: dict[str, str], tmp_path: Path, content: str) -> None:
    file = tmp_path / "codeindex/config.toml"
    file.parent.mkdir()
    file.write_bytes(content.encode("latin-1"))
    with pytest.raises(Misconfigured):
        chosen("", environment)


@pytest.mark.parametrize(
    "url",
    ["code.example.org", "ftp://x.org", "https://", "https://u:p@x.org", "http://[", "http://x y"],
)
def test_an_odd_address_is_refused(environment: dict[str, str], url: str) -> None:
    with pytest.raises(Misconfigured):
        chosen("", {**environment, "CODEINDEX_URL": url})


def test_without_any_server_the_command_says_what_to_do(command: Command) -> None:
    done = command("search", "csv")
    assert done.exit_code == 2
    assert "make run" in done.stderr


@pytest.mark.django_db(transaction=True)
class TestLogin:
    def test_checks_the_token_and_keeps_it(
        self, command: Command, live_server: LiveServer, token: str, configuration: Path
    ) -> None:
        done = command("login", live_server.url, "--name", "work", input=f"{token}\n")
        assert done.exit_code == 0, done.stderr
        assert token not in done.output
        assert token in configuration.read_text()
        assert stat.S_IMODE(configuration.stat().st_mode) == 0o600
        assert command("status").exit_code == 1  # Alice sees nothing, but is signed in
        assert command("logout", "work").exit_code == 0
        assert token not in configuration.read_text()

    def test_keeps_no_wrong_token(
        self, command: Command, live_server: LiveServer, configuration: Path
    ) -> None:
        done = command("login", live_server.url, input="cix_wrong\n")
        assert done.exit_code == 2
        assert "cix_wrong" not in done.output
        assert not configuration.exists()

    def test_a_revoked_token_is_told(
        self, command: Command, live_server: LiveServer, token: str, alice: User
    ) -> None:
        command("login", live_server.url, input=f"{token}\n")
        alice.tokens.all().delete()  # type: ignore[attr-defined]
        done = command("search", "csv")
        assert done.exit_code == 2
        assert "codeindex login" in done.stderr

    @pytest.mark.parametrize("given", ["", "two words", "é"])
    def test_what_is_no_token_is_refused(
        self, command: Command, live_server: LiveServer, given: str
    ) -> None:
        assert command("login", live_server.url, input=f"{given}\n").exit_code == 2

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from django.contrib.auth.models import User
from pytest_django.live_server_helper import LiveServer

from codeindex.accounts import tokens
from codeindex.client.cli import main
from codeindex.models import Repository
from tests import shelf
from tests.shelf import Written

LOAD = 'def load(path):\n    """Read a csv file."""\n    return open(path)'
SAVE = "def save(path):\n    open(path, 'w')"

Command = Callable[..., Result]


@pytest.fixture
def shop(alice: User) -> Repository:
    made = shelf.repository(alice)
    shelf.put(made, "src/load.py", Written(LOAD, "load", docstring="Read a csv file."))
    shelf.put(made, "src/save.py", Written(SAVE, "save"))
    return made


@pytest.fixture
def token(alice: User) -> str:
    return tokens.issue(alice, by=alice)


@pytest.fixture(autouse=True)
def configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of somebody who has configured nothing."""
    for name in ("CODEINDEX_URL", "CODEINDEX_TOKEN", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CODEINDEX_HOME", str(tmp_path / "no state folder"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "configuration"))
    return tmp_path / "configuration/codeindex/config.toml"


@pytest.fixture
def command() -> Command:
    """Runs `codeindex` as somebody who is not signed in."""
    return lambda *arguments, **options: CliRunner().invoke(main, arguments, **options)


@pytest.fixture
def as_alice(command: Command, live_server: LiveServer, token: str) -> Command:
    """Runs `codeindex` with the token of Alice."""
    environment = {"CODEINDEX_URL": live_server.url, "CODEINDEX_TOKEN": token}
    return lambda *arguments, **options: command(*arguments, env=environment, **options)

"""An installation moves to another state folder by a backup, as between two machines."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from codeindex.local_services.state import DATABASE
from tests.embeddings import tiny
from tests.git import GitRepository
from tests.journeys.test_killed_worker import source
from tests.topology.commands import Shell

FILES = 12


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("moving")


@pytest.fixture(scope="module")
def first(folder: Path) -> Iterator[Shell]:
    """An installation with a model that was trained there, and an index by it."""
    shop = GitRepository.made(folder / "allowed/shop")
    shop.commit({f"part{number}.py": source(number) for number in range(FILES)})
    home = folder / "first"
    model = home / "models/tiny"
    model.mkdir(parents=True)
    home.chmod(0o700)
    (folder / "published").mkdir()
    tiny.checkpoint(model, tiny.bert(folder / "published"))
    pinned = {"CODEINDEX_CHECKPOINT": str(model)}
    Shell(home, pinned).run("index", shop.path)
    return Shell(home, {})


@pytest.fixture(scope="module")
def backup(folder: Path, first: Shell) -> Path:
    file = folder / "backup.zip"
    first.run("backup", file)
    return file


def test_a_search_gives_the_same_after_moving(folder: Path, first: Shell, backup: Path) -> None:
    assert "is intact" in first.run("backup", "--verify", backup)
    assert [each.name for each in first.home.glob("verify-*")] == []

    second = Shell(folder / "second", {})
    second.run("restore", backup)
    assert "tiny" in second.run("spaces")
    asked = ("search", "put articles on the shelf")
    assert second.run(*asked) == first.run(*asked)
    assert second.state.secret_key.read_text() == first.state.secret_key.read_text()


def test_whoever_is_stopped_leaves_nothing(folder: Path, first: Shell, backup: Path) -> None:
    unfinished = folder / "unfinished"
    unfinished.mkdir()
    with first.begin("backup", unfinished / "backup.zip") as making:
        until_file(unfinished)
        making.send_signal(signal.SIGINT)
        assert "Stopped" in making.communicate(timeout=60)[1]
    assert making.returncode == 130
    assert [*unfinished.iterdir()] == []


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGKILL])
def test_a_restore_that_is_stopped_has_restored_nothing(
    folder: Path, first: Shell, backup: Path, stop: signal.Signals
) -> None:
    third = Shell(folder / stop.name, {})
    with third.begin("restore", backup) as restoring:
        assert restoring.stderr is not None
        for line in restoring.stderr:
            if line.startswith("Restoring the database"):
                break
        # The restore waits for the name of a table that is made here, and is never committed.
        with psycopg.connect(host=str(third.state.sockets), user=DATABASE, dbname=DATABASE) as held:
            held.execute("CREATE TABLE auth_user ()")
            restoring.send_signal(stop)
            restoring.communicate(timeout=60)
            held.close()
    assert restoring.returncode != 0
    assert "Restored" in third.run("restore", backup)


def until_file(folder: Path) -> None:
    deadline = time.monotonic() + 60
    while not [*folder.iterdir()]:
        assert time.monotonic() < deadline
        time.sleep(0.01)

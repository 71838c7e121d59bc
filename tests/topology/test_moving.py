"""An installation moves to another state folder by a backup, as between two machines."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import psycopg
import pytest

from codeindex.local_services.state import DATABASE, State
from tests.embeddings import tiny
from tests.git import GitRepository
from tests.topology.codeindexes import Codeindex
from tests.topology.test_killed_worker import source

FILES = 12


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("moving")


@pytest.fixture(scope="module")
def first(folder: Path) -> Codeindex:
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
    Codeindex(home, pinned).command("index", str(shop.path))
    return Codeindex(home, {})


@pytest.fixture(scope="module")
def backup(folder: Path, first: Codeindex) -> Path:
    file = folder / "backup.zip"
    first.command("backup", str(file))
    return file


def test_a_search_gives_the_same_after_moving(folder: Path, first: Codeindex, backup: Path) -> None:
    assert "is intact" in first.command("backup", "--verify", str(backup))
    assert [*(first.home / "verifications").iterdir()] == []

    second = Codeindex(folder / "second", {})
    second.command("restore", str(backup))
    question = "put articles on the shelf"
    found = first.search(question)["results"]
    assert found
    assert second.search(question)["results"] == found
    keys = [State(each.home).secret_key.read_text() for each in (first, second)]
    assert keys[0] == keys[1]


def test_whoever_is_stopped_leaves_nothing(folder: Path, first: Codeindex, backup: Path) -> None:
    unfinished = folder / "unfinished"
    unfinished.mkdir()
    with first.begin("backup", str(unfinished / "backup.zip")) as making:
        assert making.stderr is not None
        assert "Writing the database" in making.stderr.readline()
        making.send_signal(signal.SIGINT)
        assert "Stopped" in making.communicate(timeout=60)[1]
    assert making.returncode == 130
    assert [*unfinished.iterdir()] == []


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGKILL])
def test_a_restore_that_is_stopped_has_restored_nothing(
    folder: Path, first: Codeindex, backup: Path, stop: signal.Signals
) -> None:
    third = Codeindex(folder / stop.name, {})
    with third.begin("restore", str(backup)) as restoring:
        assert restoring.stderr is not None
        for line in restoring.stderr:
            if line.startswith("Restoring the database"):
                break
        # The restore waits for the name of a table that is made here, and is never committed.
        host = str(State(third.home).sockets)
        with psycopg.connect(host=host, user=DATABASE, dbname=DATABASE) as held:
            held.execute("CREATE TABLE auth_user ()")
            restoring.send_signal(stop)
            restoring.communicate(timeout=60)
            held.close()
    assert restoring.returncode != 0
    assert "Restored" in third.command("restore", str(backup))


def until_file(folder: Path) -> None:
    deadline = time.monotonic() + 60
    while not [*folder.iterdir()]:
        assert time.monotonic() < deadline
        time.sleep(0.01)

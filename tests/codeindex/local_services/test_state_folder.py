"""The state folder is its owner's alone, whoever made it and under any umask."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command

from codeindex.ingestion.cloning import checkout
from codeindex.leases import Lease
from codeindex.local_services import state_folder
from codeindex.local_services.processes.accounts import Account
from codeindex.local_services.processes.children import child_command
from codeindex.local_services.secret_key import stored_secret_key
from codeindex.local_services.state import CannotStart, State
from codeindex.models import IndexRun, Repository
from tests.git import GitRepository

PROJECT = Path(__file__).parents[3]
NOBODY = Account(65534, 65534)


@pytest.fixture(autouse=True)
def state(tmp_path: Path, settings: Any) -> State:
    """Not made yet."""
    settings.CODEINDEX_HOME = tmp_path / "home"
    return State(settings.CODEINDEX_HOME)


@pytest.fixture(params=[0o000, 0o022, 0o277], ids=["open", "usual", "tight"])
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def hold(state: State) -> None:
    with state_folder.locked(state):
        assert (state.folder / "lock").exists()


def collect_static(state: State) -> None:
    """As where a secret key and services are given, so that nothing else makes the folder."""
    variables = {
        "DJANGO_SETTINGS_MODULE": "codeindex.settings",
        "CODEINDEX_ENV_FILE": os.devnull,
        "CODEINDEX_HOME": str(state.folder),
        "SECRET_KEY": "given",
    }
    command = [sys.executable, "manage.py", "collectstatic", "--no-input", "--verbosity=0"]
    subprocess.run(command, check=True, cwd=PROJECT, env=os.environ | variables)


@pytest.mark.usefixtures("umask")
class TestWhoeverMakesIt:
    @pytest.mark.parametrize("write", [stored_secret_key, hold], ids=["key", "lock"])
    def test_a_new_one(self, state: State, write: Callable[[State], object]) -> None:
        write(state)
        assert mode(state.folder) == 0o700

    @pytest.mark.parametrize("write", [stored_secret_key, hold], ids=["key", "lock"])
    @pytest.mark.parametrize("before", [0o755, 0o2775, 0o777])
    def test_an_empty_one_that_was_open(
        self, state: State, write: Callable[[State], object], before: int
    ) -> None:
        state.folder.mkdir()
        state.folder.chmod(before)
        write(state)
        assert mode(state.folder) == 0o700

    @pytest.mark.django_db
    def test_a_fetch(self, state: State, source: GitRepository, registered: Repository) -> None:
        source.commit({"a.py": "A = 1\n"})
        run = IndexRun(branch=registered.branches.get_or_create(name="")[0])
        checkout.fetch(run, Lease())
        assert mode(state.folder) == 0o700


def test_collected_static_files(state: State) -> None:
    collect_static(state)
    assert (state.static / "staticfiles.json").exists()
    assert mode(state.folder) == 0o700


@pytest.mark.django_db
def test_training(state: State) -> None:
    with pytest.raises(CommandError):  # nothing is indexed, which is found out in the folder
        call_command("train", "--from-index")
    assert mode(state.folder) == 0o700


def test_one_that_an_earlier_version_left_open_is_closed(state: State) -> None:
    key = stored_secret_key(state)
    state.folder.chmod(0o755)
    assert stored_secret_key(state) == key
    assert mode(state.folder) == 0o700


def test_an_open_folder_that_holds_other_things_is_refused_as_it_is(state: State) -> None:
    state.folder.mkdir()
    state.folder.chmod(0o755)
    (state.folder / "somebody's").touch()
    with pytest.raises(CannotStart, match=r"it contains other files.*chmod 700"):
        hold(state)
    with pytest.raises(ImproperlyConfigured, match=r"it contains other files.*chmod 700"):
        stored_secret_key(state)
    assert mode(state.folder) == 0o755


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_an_open_folder_of_somebody_else_is_refused(state: State) -> None:
    state.folder.mkdir()
    state.folder.chmod(0o777)
    program = (
        "import sys; from pathlib import Path; from codeindex.local_services.state import State;"
        "State(Path(sys.argv[1])).make_folder()"
    )
    command = [sys.executable, "-c", program, state.folder]
    as_nobody = child_command(command, account=NOBODY, death_signal=signal.SIGKILL)
    done = subprocess.run(as_nobody, cwd=PROJECT, capture_output=True, text=True)
    assert "only its owner can close it (chmod 700)" in done.stderr
    assert mode(state.folder) == 0o777


def test_temporary_folders_go_and_those_of_killed_processes_a_day_later(state: State) -> None:
    with state.temporary("work") as folder:
        assert (mode(state.folder), mode(folder)) == (0o700, 0o700)
    left, at_work = folder.with_name("left"), folder.with_name("at_work")
    left.mkdir()
    at_work.mkdir()
    os.utime(left, (0, 0))
    with state.temporary("work") as folder:
        assert {*(state.folder / "work").iterdir()} == {at_work, folder}

"""The private services and the launcher, on real processes."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
from django.conf import settings

from codeindex.local_services import preflight, state_folder, supervisor
from codeindex.local_services.processes import accounts, children
from codeindex.local_services.processes.accounts import Account
from codeindex.local_services.processes.children import STATE_VARIABLE, child_command
from codeindex.local_services.servers import private
from codeindex.local_services.servers.postgres import Durability
from codeindex.local_services.state import DATABASE, SOCKET_PATH_BYTES, CannotStart, State

AS_ROOT = os.geteuid() == 0
NOBODY = Account(65534, 65534)
PROJECT = Path(__file__).parents[3]

HOLDER = """
import sys, time
from pathlib import Path
from codeindex.local_services.servers.private import available
from codeindex.local_services.state import State
with available(State(Path(sys.argv[1]))):
    print("available", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new data folder of PostgreSQL, made once and copied: making one takes seconds."""
    state = State(tmp_path_factory.mktemp("cluster"))
    private.make_ready(state, Durability.DISPOSABLE)
    return state.postgres


@pytest.fixture
def state(tmp_path: Path, cluster: Path) -> Iterator[State]:
    state = State(tmp_path / "state")
    state.folder.mkdir()
    subprocess.run(["cp", "-a", cluster, state.postgres], check=True)
    yield state
    children.end_leftovers(state)


@pytest.fixture
def new_state(tmp_path: Path) -> Iterator[State]:
    state = State(tmp_path / "new")
    yield state
    children.end_leftovers(state)


Holder = Callable[..., subprocess.Popen[str]]
"""Starts a command that uses the services."""


@pytest.fixture
def holder(state: State) -> Iterator[Holder]:
    """Starts commands that use the services of `state` until their input is closed."""
    with contextlib.ExitStack() as stack:

        def start(prefix: tuple[str, ...] = (), state: State = state) -> subprocess.Popen[str]:
            process = subprocess.Popen(
                [*prefix, sys.executable, "-c", HOLDER, str(state.folder)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                cwd=PROJECT,
            )
            stack.enter_context(process)
            stack.callback(process.kill)
            assert process.stdout is not None
            assert process.stdout.readline() == "available\n"
            return process

        yield start


def query(state: State, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(host=str(state.sockets), user=DATABASE, dbname=DATABASE) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def launch(**variables: str) -> subprocess.CompletedProcess[str]:
    """The launcher, run to an end that it reaches by itself."""
    return subprocess.run(
        [sys.executable, "-m", "codeindex.local_services"],
        capture_output=True,
        text=True,
        cwd=PROJECT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "codeindex.settings", **variables},
        timeout=60,
    )


def until(condition: Callable[[], bool], seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


class TestServices:
    def test_data_survives_a_stop_and_a_kill(self, state: State, holder: Holder) -> None:
        first = holder()
        query(state, "CREATE TABLE kept AS SELECT 42 AS answer")
        assert first.communicate() == ("", None)
        assert children.leftovers(state) == []

        second = holder()
        query(state, "INSERT INTO kept VALUES (43)")
        second.kill()
        second.wait()

        holder()
        assert query(state, "SELECT answer FROM kept ORDER BY 1") == [(42,), (43,)]

    def test_everything_killed_at_once(self, state: State, holder: Holder) -> None:
        killed = holder()
        query(state, "CREATE TABLE kept AS SELECT 42 AS answer")
        for process in [psutil.Process(killed.pid), *children.leftovers(state)]:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        killed.wait()

        holder()
        assert query(state, "SELECT answer FROM kept") == [(42,)]

    def test_services_end_with_whoever_started_them(self, state: State, holder: Holder) -> None:
        owner = holder()
        assert children.leftovers(state) != []
        owner.kill()
        owner.wait()
        assert until(lambda: children.leftovers(state) == [])

    def test_a_second_command_uses_them_and_the_first_waits_for_it(
        self, state: State, holder: Holder
    ) -> None:
        owner, guest = holder(), holder()
        owner.stdin.close()
        time.sleep(0.5)
        assert query(state, "SELECT 1") == [(1,)]
        assert owner.poll() is None

        guest.stdin.close()
        assert guest.wait(10) == 0
        assert owner.wait(20) == 0
        assert children.leftovers(state) == []

    def test_pgvector_is_there(self, services: State) -> None:
        available = "SELECT 1 FROM pg_available_extensions WHERE name = 'vector'"
        assert query(services, available) == [(1,)]

    @pytest.mark.parametrize("name", ["deep" * 30, """ö d'd, "and", more? #1"""])
    def test_a_folder_whose_path_does_not_suit_sockets(self, tmp_path: Path, name: str) -> None:
        state = State(tmp_path / name)
        assert len(os.fsencode(state.valkey_socket)) <= SOCKET_PATH_BYTES
        with state_folder.locked(state), services_of(state):
            assert query(state, "SELECT 1") == [(1,)]
            assert state.sockets.stat().st_mode & 0o777 == 0o700
        shutil.rmtree(state.sockets)

    def test_somebody_elses_socket_folder_is_refused(self, tmp_path: Path) -> None:
        state = State(tmp_path / ("deep" * 30))
        state.sockets.symlink_to(tmp_path)
        try:
            with (
                state_folder.locked(state),
                pytest.raises(CannotStart, match="is not a folder of this user"),
            ):
                state_folder.make_ready(state, account=None)
        finally:
            state.sockets.unlink()

    def test_a_reused_process_number_stops_nothing(self, state: State) -> None:
        with state_folder.locked(state), services_of(state):
            pass
        stranger = subprocess.Popen(["sleep", "60"], preexec_fn=as_service_account(state))
        stale = f"{stranger.pid}\n{state.postgres}\n1700000000\n5432\n{state.sockets}\n\n"
        (state.postgres / "postmaster.pid").write_text(stale)
        try:
            with state_folder.locked(state), services_of(state):
                assert query(state, "SELECT 1") == [(1,)]
            assert stranger.poll() is None
        finally:
            stranger.kill()
            stranger.wait()

    @pytest.mark.skipif(not AS_ROOT, reason="only root can become another user")
    def test_root_runs_them_as_another_user_even_below_a_closed_folder(
        self, state: State, holder: Holder
    ) -> None:
        state.folder.parent.chmod(0o700)
        holder()
        running = children.leftovers(state)
        users = {Path(each.exe()).name: each.uids().real for each in running}
        assert users.keys() == {"postgres", "valkey-server"}
        assert users["valkey-server"] == users["postgres"] != 0

    @pytest.mark.skipif(not AS_ROOT, reason="only root can become another user")
    def test_an_ordinary_user_runs_them_as_himself(self, new_state: State, holder: Holder) -> None:
        new_state.folder.mkdir()
        os.chown(new_state.folder, NOBODY.uid, NOBODY.gid)
        holder(tuple(child_command([], account=NOBODY, death_signal=signal.SIGKILL)), new_state)
        users = {process.uids().real for process in children.leftovers(new_state)}
        assert users == {NOBODY.uid}
        assert query(new_state, "SELECT 1") == [(1,)]


class TestSupervisor:
    def test_each_queue_has_a_worker_of_its_own(self) -> None:
        programs = {program.name: program for program in supervisor.application(workers=2)}
        assert programs.keys() == {"web", "ingest", "light", "embed", "beat"}
        for queue in ("ingest", "light", "embed"):
            command = programs[queue].command
            assert command[command.index("--queues") + 1] == queue
            assert command[command.index("--hostname") + 1].startswith(f"{queue}@")


class TestLeftOvers:
    def test_only_marked_processes_are_ended(self, state: State) -> None:
        ours = subprocess.Popen(["sleep", "60"], env={STATE_VARIABLE: str(state.folder)})
        stranger = subprocess.Popen(["sleep", "60"], env={STATE_VARIABLE: "/elsewhere"})
        try:
            assert until(lambda: [each.pid for each in children.leftovers(state)] == [ours.pid])
            assert children.end_leftovers(state) == 1
            assert ours.poll() is not None
            assert stranger.poll() is None
        finally:
            stranger.kill()
            stranger.wait()

    def test_a_shell_in_the_data_folder_is_a_stranger(self, state: State) -> None:
        stranger = subprocess.Popen(["sleep", "60"], cwd=state.postgres)
        try:
            assert children.leftovers(state) == []
        finally:
            stranger.kill()
            stranger.wait()


class TestLauncher:
    """Each obstacle is told in one line, and nothing is left running."""

    def assert_refused(self, done: subprocess.CompletedProcess[str], words: str) -> None:
        assert done.returncode == 1
        assert done.stdout == ""
        assert words in done.stderr
        assert len(done.stderr.splitlines()) == 1

    def test_beside_a_running_one(self, state: State) -> None:
        with state_folder.locked(state):
            done = launch(CODEINDEX_HOME=str(state.folder))
        self.assert_refused(done, f"process {os.getpid()}")

    def test_a_taken_port(self, state: State) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = str(taken.getsockname()[1])
            done = launch(CODEINDEX_HOME=str(state.folder), PORT=port)
        self.assert_refused(done, f"Port {port} is already in use")

    def test_no_git(self, state: State) -> None:
        done = launch(CODEINDEX_HOME=str(state.folder), PATH="/nowhere")
        self.assert_refused(done, "needs git")

    def test_a_bad_setting(self, state: State) -> None:
        done = launch(CODEINDEX_HOME=str(state.folder), PORT="eighty")
        self.assert_refused(done, "PORT='eighty'")

    def test_a_state_folder_that_cannot_be_made(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        done = launch(CODEINDEX_HOME=str(tmp_path / "file" / "state"))
        self.assert_refused(done, "state folder")

    def test_services_of_others_that_do_not_answer(self, state: State) -> None:
        done = launch(
            CODEINDEX_HOME=str(state.folder),
            DATABASE_URL="postgres://127.0.0.1:1/none",
            BROKER_URL="",
        )
        self.assert_refused(done, "Set both DATABASE_URL and BROKER_URL")


class TestPreflight:
    def test_this_machine_passes(self) -> None:
        assert preflight.problem(str(settings.CODEINDEX_HOME), 1) == ""

    def test_a_full_disk(self) -> None:
        script = [sys.executable, preflight.__file__, "/", str(2**40)]
        done = subprocess.run(script, capture_output=True, text=True)
        assert done.returncode == 1
        assert done.stderr.startswith("The disk of / has ")

    def test_an_old_python(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "version_info", (3, 10, 4))
        assert "needs Python 3.11 or newer" in preflight.problem("/", 1)

    @pytest.mark.parametrize(("system", "machine"), [("Darwin", "x86_64"), ("Linux", "riscv64")])
    def test_another_platform(
        self, monkeypatch: pytest.MonkeyPatch, system: str, machine: str
    ) -> None:
        monkeypatch.setattr("platform.system", lambda: system)
        monkeypatch.setattr("platform.machine", lambda: machine)
        assert f"this is {system} on {machine}" in preflight.problem("/", 1)


def services_of(state: State) -> contextlib.AbstractContextManager[None]:
    return private.started(state, Durability.DISPOSABLE)


def as_service_account(state: State) -> Callable[[], None] | None:
    account = accounts.service_account(state)
    return None if account is None else lambda: os.setuid(account.uid)

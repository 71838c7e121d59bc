"""Prepares and locks a state folder, and the folder of its sockets."""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

import psutil

from codeindex.local_services.processes.accounts import Account
from codeindex.local_services.state import CannotStart, State


class InUse(CannotStart):
    """Another process has locked the state folder."""


@contextmanager
def locked(state: State) -> Iterator[None]:
    """Locks the state folder, which is created if it is missing. Raises InUse if another process
    has locked it.

    The kernel releases the lock when the process ends, however it ends."""
    with _open_lock(state) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise in_use(state) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


def _open_lock(state: State) -> TextIO:
    state.make_folder()
    try:
        state.users_lock.touch(mode=0o600)
        return state.lock.open("a+", encoding="utf-8")
    except OSError as error:
        raise state.unusable(error.strerror or str(error)) from None


def in_use(state: State) -> InUse:
    """An error that names the holder of the lock, whose process number is in the lock file."""
    number = state.lock.read_text(encoding="utf-8").strip()
    try:
        holder = psutil.Process(int(number)).cmdline()
        who = f"process {number} ({' '.join(holder[1:4])})"
    except (ValueError, psutil.Error):
        who = "another process"
    return InUse(f"codeindex is already running: {who} has locked the state folder {state.folder}.")


def make_ready(state: State, account: Account | None) -> None:
    """Creates the folders that every start needs. The caller has locked the state folder and ended
    all leftover processes. `account` is the user who runs the services; None for the current
    one."""
    state.logs.mkdir(exist_ok=True)
    _make_sockets(state, os.geteuid() if account is None else account.uid)
    if account is not None:
        os.chown(state.sockets, account.uid, account.gid)


def _make_sockets(state: State, owner: int) -> None:
    """An empty folder that nobody else can enter. Its fallback lies in a folder that everyone can
    write to, so one that somebody else has created there is refused."""
    if state.sockets.is_symlink() or (state.sockets.exists() and _is_foreign(state, owner)):
        raise CannotStart(f"{state.sockets} is not a folder of this user. Remove it.")
    shutil.rmtree(state.sockets, ignore_errors=True)
    state.sockets.mkdir(mode=0o700)


def _is_foreign(state: State, owner: int) -> bool:
    status = state.sockets.lstat()
    return not stat.S_ISDIR(status.st_mode) or status.st_uid not in {owner, os.geteuid()}

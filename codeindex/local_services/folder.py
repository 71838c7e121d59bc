"""Who may use a state folder: its making, its lock, and its sockets' folder."""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

import psutil

from codeindex.local_services.processes import Account
from codeindex.local_services.state import CannotStart, State


class InUse(CannotStart):
    """Another process holds the state folder."""


@contextmanager
def held(state: State) -> Iterator[None]:
    """Holds the state folder, which is made if it is missing; raises InUse if another does.

    The lock is the kernel's: it ends with the process that took it, however that ends."""
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
        raise state.unusable(error.strerror) from None


def in_use(state: State) -> InUse:
    """The error that names the holder, whose number is in the lock file."""
    number = state.lock.read_text(encoding="utf-8").strip()
    try:
        holder = psutil.Process(int(number)).cmdline()
        who = f"process {number} ({' '.join(holder[1:4])})"
    except (ValueError, psutil.Error):
        who = "another process"
    return InUse(f"codeindex is running already: {who} holds the state folder {state.folder}.")


def make_ready(state: State, account: Account | None) -> None:
    """The folders that every start needs. The caller holds the state folder and has ended all
    left-overs; `account` is who runs the services, None for ourselves."""
    state.logs.mkdir(exist_ok=True)
    _make_sockets(state, os.geteuid() if account is None else account.uid)
    if account is not None:
        os.chown(state.sockets, account.uid, account.gid)


def _make_sockets(state: State, owner: int) -> None:
    """An empty folder, closed to everyone else. The fallback lies in a folder that everyone may
    write to, so one that somebody else has put there is refused."""
    if state.sockets.is_symlink() or (state.sockets.exists() and _strange(state, owner)):
        raise CannotStart(f"The folder {state.sockets} is in the way: remove it.")
    shutil.rmtree(state.sockets, ignore_errors=True)
    state.sockets.mkdir(mode=0o700)


def _strange(state: State, owner: int) -> bool:
    found = state.sockets.lstat()
    return not stat.S_ISDIR(found.st_mode) or found.st_uid not in {owner, os.geteuid()}

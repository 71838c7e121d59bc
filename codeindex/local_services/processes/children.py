"""The processes of an installation: how they are started, and how leftover ones are found and
ended.

A child has the state folder in its environment. PostgreSQL and Valkey overwrite theirs with their
titles; they are recognised by their program and by their working directory, which is the data
folder. No other process is ever signalled, so one that has been given a dead child's number by the
system is safe."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import psutil

from codeindex.local_services.processes import lifeline
from codeindex.local_services.processes.accounts import Account
from codeindex.local_services.state import CannotStart, State

STATE_VARIABLE = "CODEINDEX_STATE"
_GRACE_SECONDS = 15.0


def child_command(
    command: Sequence[str | Path], *, account: Account | None = None, death_signal: signal.Signals
) -> list[str]:
    """The command line of a child that dies with its parent and runs as `account`, if given."""
    user = [] if account is None else ["--user", f"{account.uid}:{account.gid}"]
    wrapper = [sys.executable, "-I", "-S", lifeline.__file__, *user, str(int(death_signal))]
    return wrapper + [str(part) for part in command]


def child_environment(state: State) -> dict[str, str]:
    """The environment for a child of this installation."""
    return {
        **os.environ,
        STATE_VARIABLE: str(state.folder),
        lifeline.PARENT_VARIABLE: str(os.getpid()),
    }


def leftovers(state: State) -> list[psutil.Process]:
    """The live processes of this installation, whoever started them, except the current one."""
    this = os.getpid()
    everyone = psutil.process_iter()
    return [other for other in everyone if other.pid != this and _belongs_to(other, state)]


def _belongs_to(process: psutil.Process, state: State) -> bool:
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        marked = process.environ().get(STATE_VARIABLE) == str(state.folder)
        return marked or _serves(process, state)
    except (psutil.Error, OSError):
        return False  # it has ended, or belongs to another user


def _serves(process: psutil.Process, state: State) -> bool:
    program = Path(process.exe()).name.partition(" ")[0]  # "postgres (deleted)" once reinstalled
    folders = {"postgres": state.postgres, "valkey-server": state.valkey}
    return program in folders and process.cwd() == str(folders[program])


def end_leftovers(state: State) -> int:
    """Ends the processes that a killed supervisor left behind, gently first; returns how many."""
    running = leftovers(state)
    for process in running:
        _signal(process, signal.SIGTERM)
    _, stubborn = psutil.wait_procs(running, timeout=_GRACE_SECONDS)
    survivors = {process.pid: process for process in [*stubborn, *leftovers(state)]}
    for process in survivors.values():
        _signal(process, signal.SIGKILL)
    _, immortal = psutil.wait_procs(list(survivors.values()), timeout=_GRACE_SECONDS)
    if immortal:
        numbers = ", ".join(str(process.pid) for process in immortal)
        raise CannotStart(f"Processes of an earlier start cannot be stopped: {numbers}.")
    return len(running)


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    try:
        process.send_signal(number)  # psutil compares creation times first
    except psutil.NoSuchProcess:
        return

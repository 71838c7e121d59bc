"""The private services for the duration of one command: found running, or started as children."""

from __future__ import annotations

import fcntl
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from codeindex.local_services import state_folder
from codeindex.local_services.processes import children
from codeindex.local_services.processes.accounts import Account, service_account
from codeindex.local_services.servers import postgres, valkey
from codeindex.local_services.servers.postgres import Durability
from codeindex.local_services.state import CannotStart, State

READY_SECONDS = 120.0
"""Includes the recovery of a server that has been killed."""

_STOP_SECONDS = 30.0
_POLL_SECONDS = 0.05


@contextmanager
def available(state: State) -> Iterator[bool]:
    """Makes PostgreSQL and Valkey of this state folder available for the block.

    Uses those that another process runs (`make run`, or another command). If none does, starts
    them, and stops them once no other command uses them. Yields whether it started them."""
    deadline = time.monotonic() + READY_SECONDS
    with ExitStack() as stack:
        while not (is_joined := _joined(state, stack)) and not _started_here(state, stack):
            if time.monotonic() > deadline:
                raise state_folder.in_use(state)
            time.sleep(_POLL_SECONDS)
        yield not is_joined


def _joined(state: State, stack: ExitStack) -> bool:
    """Uses the services that another process runs, if they respond and are not being stopped."""
    if not state.users_lock.exists():
        return False
    with ExitStack() as attempt:
        users = attempt.enter_context(state.users_lock.open("a"))
        try:
            fcntl.flock(users, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        if not (postgres.is_ready(state) and valkey.is_ready(state)):
            return False
        stack.enter_context(attempt.pop_all())
        return True


def _started_here(state: State, stack: ExitStack) -> bool:
    """Starts the services, unless another process has locked the state folder."""
    with ExitStack() as attempt:
        try:
            attempt.enter_context(state_folder.locked(state))
        except state_folder.InUse:
            return False
        users = attempt.enter_context(state.users_lock.open("a"))
        attempt.enter_context(started(state))
        attempt.callback(fcntl.flock, users, fcntl.LOCK_EX)
        stack.enter_context(attempt.pop_all())
        return True


@contextmanager
def started(state: State, durability: Durability = Durability.DURABLE) -> Iterator[None]:
    """Starts both services as children, and stops them after the block. The caller has locked the
    state folder."""
    account = make_ready(state, durability)
    with ExitStack() as stack:
        stack.enter_context(
            _child(state, "postgres", postgres.command(state), account, signal.SIGINT)
        )
        stack.enter_context(_child(state, "valkey", valkey.command(state), account, signal.SIGTERM))
        await_ready(state)
        yield


def make_ready(state: State, durability: Durability = Durability.DURABLE) -> Account | None:
    """Ends leftover processes and prepares the folders of both services; returns the user to run
    them."""
    children.end_leftovers(state)
    account = service_account(state)
    state_folder.make_ready(state, account)
    postgres.prepare(state, account, durability)
    valkey.prepare(state, account)
    return account


def await_ready(state: State, alive: Callable[[], bool] = lambda: True) -> None:
    """Returns once both services respond. Raises CannotStart if they take too long, or as soon as
    `alive` returns False."""
    deadline = time.monotonic() + READY_SECONDS
    waiting = {"PostgreSQL": postgres.is_ready, "Valkey": valkey.is_ready}
    while waiting:
        if time.monotonic() > deadline or not alive():
            names = " and ".join(waiting)
            raise CannotStart(f"{names} failed to start. See the logs in {state.logs}.")
        waiting = {name: ready for name, ready in waiting.items() if not ready(state)}
        time.sleep(_POLL_SECONDS if waiting else 0)


@contextmanager
def _child(
    state: State, name: str, command: list[str], account: Account | None, stop: signal.Signals
) -> Iterator[None]:
    """Runs a service for the block. The kernel stops it if this process dies."""
    with (state.logs / f"{name}.log").open("ab") as log:
        process = subprocess.Popen(
            children.child_command(command, account=account, death_signal=stop),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd="/",
            env=children.child_environment(state),
            start_new_session=True,  # Ctrl-C is for the command, which then stops its services
        )
    try:
        yield
    finally:
        process.send_signal(stop)
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

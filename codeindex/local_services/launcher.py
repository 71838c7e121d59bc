"""Starts an installation, prints its address, and stops it: what `make run` runs."""

from __future__ import annotations

import errno
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

import django
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import DatabaseError, connection

from codeindex.local_services import address, administrator, preflight, state_folder, supervisor
from codeindex.local_services.processes import children
from codeindex.local_services.servers import external, private
from codeindex.local_services.state import CannotStart, State

_FREE_MEBIBYTES = 512
_STOP_SECONDS = 90.0
_POLL_SECONDS = 0.1


class Stopped(Exception):
    """A signal asked the launcher to stop."""


def main() -> int:
    """Runs until a signal stops it. Returns 0 then; prints one line and returns 1 if it cannot
    run."""
    for number in _stop_signals():
        signal.signal(number, _stop)
    try:
        _run()
    except Stopped:
        return 0
    except (CannotStart, ImproperlyConfigured) as error:
        return _failed(str(error))
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
            raise
        return _failed(f"The disk is full: {error}.")
    return 0


def _stop_signals() -> list[signal.Signals]:
    """The signals that stop the launcher. Under nohup, a closed terminal does not."""
    hang_up = [] if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN else [signal.SIGHUP]
    return [signal.SIGINT, signal.SIGTERM, *hang_up]


def _stop(number: int, frame: FrameType | None) -> None:
    for each in _stop_signals():
        signal.signal(each, _ignore)
    raise Stopped


def _ignore(number: int, frame: FrameType | None) -> None:
    """Ignores further signals while stopping. (With SIG_IGN, Python complains about a second signal
    that is pending.)"""


def _failed(message: str) -> int:
    print(message, file=sys.stderr, flush=True)
    return 1


def _run() -> None:
    state = State(settings.CODEINDEX_HOME)
    if problem := preflight.problem(str(state.folder), _FREE_MEBIBYTES):
        raise CannotStart(problem)
    with state_folder.locked(state):
        children.end_leftovers(state)
        address.refuse_taken(settings.CODEINDEX_HOST, settings.PORT)
        with _supervised(state) as alive:
            _prepare_database(state, alive)
            _start_application(state, alive)
            _await_page(state, alive)
            while alive():
                time.sleep(1)
            raise CannotStart(f"The supervisor stopped unexpectedly. See the logs in {state.logs}.")


@contextmanager
def _supervised(state: State) -> Iterator[Callable[[], bool]]:
    """Runs the supervisor, which starts the private services, and ends it with all its children.
    Yields a function that says whether it is alive."""
    supervisor.configure(state, _programs(state), directory=settings.BASE_DIR)
    process = subprocess.Popen(
        supervisor.command(state),
        stdin=subprocess.DEVNULL,
        env=children.child_environment(state),
        start_new_session=True,  # Ctrl-C is for the launcher, which then ends the supervisor
    )
    try:
        yield lambda: process.poll() is None
    finally:
        _print("Stopping …")
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
        children.end_leftovers(state)


def _programs(state: State) -> list[supervisor.Program]:
    application = supervisor.application(settings.CELERY_WORKER_CONCURRENCY)
    if not settings.PRIVATE_SERVICES:
        state_folder.make_ready(state, account=None)
        return application
    account = private.make_ready(state)
    return [*supervisor.private_services(state, account), *application]


def _prepare_database(state: State, alive: Callable[[], bool]) -> None:
    if settings.PRIVATE_SERVICES:
        _print("Starting PostgreSQL and Valkey …")
        private.await_ready(state, alive)
    else:
        external.await_ready()
    _print("Migrating the database …")
    django.setup()
    try:
        call_command("migrate", interactive=False, verbosity=0)
        first = administrator.ensure_password()
    except DatabaseError as error:
        raise CannotStart(f"The database could not be migrated: {error}") from error
    finally:
        connection.close()
    if first is not None:
        _print(f"First administrator: user {first.name}, password {first.password}")
        _print("Write the password down: it will not be shown again.")
    call_command("collectstatic", interactive=False, verbosity=0)


def _start_application(state: State, alive: Callable[[], bool]) -> None:
    while not supervisor.is_up(state):
        if not alive():
            raise CannotStart(f"The supervisor failed to start. See the logs in {state.logs}.")
        time.sleep(_POLL_SECONDS)
    supervisor.start_application(state)


def _await_page(state: State, alive: Callable[[], bool]) -> None:
    """Prints the address once the web server responds."""
    _print("Loading the model …")
    server = supervisor.process_number(state, "web")
    while not address.answers(settings.CODEINDEX_HOST, settings.PORT, settings.ALLOWED_HOSTS):
        if not alive() or supervisor.process_number(state, "web") != server:
            raise CannotStart(f"The web server failed to start: {_reason(state.logs / 'web.log')}")
        time.sleep(_POLL_SECONDS)
    _print(f"codeindex is ready at {address.url(settings.CODEINDEX_HOST, settings.PORT)}")


def _reason(log: Path) -> str:
    """The last fatal error in a log, or where to look for it."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    errors = [error for line in lines[-50:] if (error := _fatal_error(line))]
    return errors[-1] if errors else f"see {log}."


def _fatal_error(line: str) -> str:
    """What a line of the web server's log says if it is fatal; empty otherwise."""
    if not line.startswith("{"):
        return line.partition("[CRITICAL] ")[2]
    with suppress(ValueError):
        written = json.loads(line)
        if written.get("level") == "critical":
            return str(written.get("event", ""))
    return ""


def _print(line: str) -> None:
    with suppress(BrokenPipeError):  # the reader has gone, as after `make run | head`
        print(line, flush=True)

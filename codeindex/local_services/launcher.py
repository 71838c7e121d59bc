"""Starts an installation, tells where it is to be found, and ends it: what `make run` runs."""

from __future__ import annotations

import errno
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

from codeindex.local_services import (
    address,
    administrator,
    external,
    folder,
    preflight,
    services,
    supervisor,
)
from codeindex.local_services.processes import end_left_overs, environment
from codeindex.local_services.state import CannotStart, State

_FREE_MEBIBYTES = 512
_STOP_SECONDS = 90.0
_POLL_SECONDS = 0.1


class Stopped(Exception):
    """The user, or the system, asked for an end."""


def main() -> int:
    """Runs until it is told to stop. Returns 0 then, and 1, after one line, if it cannot run."""
    for number in _ends():
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


def _ends() -> list[signal.Signals]:
    """The signals that ask for an end. Under nohup a closed terminal is none."""
    closed = [] if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN else [signal.SIGHUP]
    return [signal.SIGINT, signal.SIGTERM, *closed]


def _stop(number: int, frame: FrameType | None) -> None:
    for each in _ends():
        signal.signal(each, _stop_already)
    raise Stopped


def _stop_already(number: int, frame: FrameType | None) -> None:
    """What is being stopped needs no second word. (SIG_IGN would have Python complain about a
    second signal that is pending.)"""


def _failed(message: str) -> int:
    print(message, file=sys.stderr, flush=True)
    return 1


def _run() -> None:
    state = State(settings.CODEINDEX_HOME)
    if problem := preflight.problem(str(state.folder), _FREE_MEBIBYTES):
        raise CannotStart(problem)
    with folder.held(state):
        end_left_overs(state)
        address.refuse_taken(settings.CODEINDEX_HOST, settings.PORT)
        with _supervised(state) as alive:
            _prepare_database(state, alive)
            _start_application(state, alive)
            _await_page(state, alive)
            while alive():
                time.sleep(1)
            raise CannotStart(f"The supervisor ended; its log files are in {state.logs}.")


@contextmanager
def _supervised(state: State) -> Iterator[Callable[[], bool]]:
    """Runs the supervisor, with the private services up, and ends it and all its children.
    Yields whether it is alive."""
    supervisor.configure(state, _programs(state), directory=settings.BASE_DIR)
    process = subprocess.Popen(
        supervisor.command(state),
        stdin=subprocess.DEVNULL,
        env=environment(state),
        start_new_session=True,  # Ctrl-C is for the launcher, which then ends the supervisor
    )
    try:
        yield lambda: process.poll() is None
    finally:
        _say("Stopping …")
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
        end_left_overs(state)


def _programs(state: State) -> list[supervisor.Program]:
    application = supervisor.application(settings.CELERY_WORKER_CONCURRENCY)
    if not settings.PRIVATE_SERVICES:
        folder.make_ready(state, account=None)
        return application
    account = services.make_ready(state)
    return [*supervisor.private_services(state, account), *application]


def _prepare_database(state: State, alive: Callable[[], bool]) -> None:
    if settings.PRIVATE_SERVICES:
        _say("Starting PostgreSQL and Valkey …")
        services.await_ready(state, alive)
    else:
        external.await_ready()
    _say("Bringing the database up to date …")
    django.setup()
    try:
        call_command("migrate", interactive=False, verbosity=0)
        first = administrator.given()
    except DatabaseError as error:
        raise CannotStart(f"The database cannot be brought up to date: {error}") from error
    finally:
        connection.close()
    if first is not None:
        _say(f"First administrator: user {first.name}, password {first.password}")
        _say("Write the password down: it is not shown again.")
    call_command("collectstatic", interactive=False, verbosity=0)


def _start_application(state: State, alive: Callable[[], bool]) -> None:
    while not supervisor.is_up(state):
        if not alive():
            raise CannotStart(f"The supervisor does not start; its log files are in {state.logs}.")
        time.sleep(_POLL_SECONDS)
    supervisor.start_application(state)


def _await_page(state: State, alive: Callable[[], bool]) -> None:
    """Returns, and says where, once the page answers."""
    _say("Loading the model …")
    server = supervisor.process_number(state, "web")
    while not address.answers(settings.CODEINDEX_HOST, settings.PORT, settings.ALLOWED_HOSTS):
        if not alive() or supervisor.process_number(state, "web") != server:
            raise CannotStart(f"The web server does not start: {_reason(state.logs / 'web.log')}")
        time.sleep(_POLL_SECONDS)
    _say(f"codeindex is ready at {address.url(settings.CODEINDEX_HOST, settings.PORT)}")


def _reason(log: Path) -> str:
    """What a program said last that stops it, or where to look."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    said = [line.partition("[CRITICAL] ")[2] for line in lines[-50:] if "[CRITICAL] " in line]
    return said[-1] if said else f"see {log}."


def _say(line: str) -> None:
    with suppress(BrokenPipeError):  # nobody listens any more, as after `make run | head`
        print(line, flush=True)

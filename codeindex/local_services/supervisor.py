"""Configures and controls supervisord, which runs every process and restarts those that die.

Its configuration file is written at each start. The private services start at once; the application
(web server, workers, beat) starts when the launcher has migrated the database. A program that keeps
dying is restarted after increasing delays."""

from __future__ import annotations

import os
import re
import shlex
import signal
import socket
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xmlrpc.client import Error, ServerProxy

from supervisor.xmlrpc import SupervisorTransport

from codeindex.local_services import machine
from codeindex.local_services.processes.accounts import Account
from codeindex.local_services.processes.children import child_command
from codeindex.local_services.servers import postgres, valkey
from codeindex.local_services.state import CannotStart, State

APPLICATION = "application"
_SERVICES = "services"
LIGHT_PROCESSES = "5"
"""One more than may wait for hosts that are slow (`codeindex.integrations`)."""

_UNLIMITED = 1_000_000_000
_CELERY = ("-m", "celery", "--app", "codeindex")


@dataclass(frozen=True, slots=True)
class Program:
    """A process that the supervisor keeps alive.

    `stop` ends it gracefully; after `stop_seconds` it is killed. `environment` is added to the
    supervisor's own."""

    name: str
    group: str
    command: list[str]
    stop: signal.Signals = signal.SIGTERM
    stop_seconds: int = 10
    environment: dict[str, str] = field(default_factory=dict)


def private_services(state: State, account: Account | None) -> list[Program]:
    """PostgreSQL gets time for the checkpoint that a fast shutdown writes."""
    database = child_command(postgres.command(state), account=account, death_signal=signal.SIGINT)
    broker = child_command(valkey.command(state), account=account, death_signal=signal.SIGTERM)
    return [
        Program("postgres", _SERVICES, database, stop=signal.SIGINT, stop_seconds=60),
        Program("valkey", _SERVICES, broker),
    ]


def application(workers: int) -> list[Program]:
    """The web server, beat, and a Celery worker for each queue, so that no queue waits for another;
    those of `ingest` and `embed` have `workers` processes. The processes that encode share the
    processors."""
    share = max(1, machine.processors() // workers)
    return [
        Program(
            "web",
            APPLICATION,
            _python("-m", "gunicorn", "--config", "python:codeindex.webserver", "codeindex.wsgi"),
        ),
        _worker("ingest", threads=1),
        _worker("light", "--concurrency", LIGHT_PROCESSES, threads=1),
        _worker("embed", threads=share),
        Program("beat", APPLICATION, _python(*_CELERY, "beat", "--pidfile=")),
    ]


def _worker(queue: str, *options: str, threads: int) -> Program:
    name = f"{queue}@{socket.gethostname()}"
    command = ("worker", "--queues", queue, "--hostname", name, "--without-mingle", *options)
    return Program(
        queue,
        APPLICATION,
        _python(*_CELERY, *command),
        stop=signal.SIGQUIT,
        stop_seconds=20,
        environment={"OMP_NUM_THREADS": str(threads), "TOKENIZERS_PARALLELISM": "false"},
    )


def _python(*arguments: str) -> list[str]:
    return child_command([sys.executable, *arguments], death_signal=signal.SIGKILL)


def command(state: State) -> list[str]:
    """The supervisor, in the foreground."""
    configuration = ["--configuration", str(state.supervisor_configuration)]
    supervisord = [sys.executable, "-m", "supervisor.supervisord", "--nodaemon", *configuration]
    return child_command(supervisord, death_signal=signal.SIGTERM)


def configure(state: State, programs: Iterable[Program], directory: Path) -> None:
    """Writes the supervisor's configuration. The programs run in `directory`."""
    sections = [_supervisor(state, directory), *_groups(programs)]
    sections += [_program(state, program) for program in programs]
    state.supervisor_configuration.write_text("\n".join(sections), encoding="utf-8")


def start_application(state: State) -> None:
    _remote(state).supervisor.startProcessGroup(APPLICATION, False)


def is_up(state: State) -> bool:
    try:
        return bool(_remote(state).supervisor.getState()["statename"] == "RUNNING")
    except (OSError, Error):
        return False


def process_number(state: State, name: str) -> int:
    """The process number of a program of the application; 0 while it is not running."""
    return int(_remote(state).supervisor.getProcessInfo(f"{APPLICATION}:{name}")["pid"])


def _remote(state: State) -> Any:
    transport = SupervisorTransport("", "", f"unix://{state.supervisor_socket}")
    return ServerProxy("http://localhost", transport=transport)


def _supervisor(state: State, directory: Path) -> str:
    main = {
        "logfile": state.logs / "supervisord.log",
        "pidfile": state.supervisor_pid,
        "directory": directory,
        "nodaemon": "true",
        "silent": "true",
        "user": "root" if os.geteuid() == 0 else "",
    }
    remote = {"supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"}
    return "\n".join(
        [
            _section("supervisord", main),
            _section("unix_http_server", {"file": state.supervisor_socket, "chmod": "0700"}),
            _section("supervisorctl", {"serverurl": f"unix://{state.supervisor_socket}"}),
            _section("rpcinterface:supervisor", remote),
        ]
    )


def _groups(programs: Iterable[Program]) -> list[str]:
    """Groups stop in reverse order of priority: the application before the services that it
    uses."""
    members: dict[str, list[str]] = {}
    for program in programs:
        members.setdefault(program.group, []).append(program.name)
    return [
        _section(
            f"group:{group}",
            {"programs": ",".join(names), "priority": 20 if group == APPLICATION else 10},
        )
        for group, names in members.items()
    ]


def _program(state: State, program: Program) -> str:
    variables = ",".join(f'{name}="{value}"' for name, value in program.environment.items())
    return _section(
        f"program:{program.name}",
        {
            "command": shlex.join(program.command),
            "environment": variables,
            "autostart": str(program.group == _SERVICES).lower(),
            "autorestart": "true",
            "startsecs": 10,
            "startretries": _UNLIMITED,
            "stopsignal": program.stop.name.removeprefix("SIG"),
            "stopwaitsecs": program.stop_seconds,
            "killasgroup": "true",
            "redirect_stderr": "true",
            "stdout_logfile": state.logs / f"{program.name}.log",
            "stdout_logfile_maxbytes": "10MB",
            "stdout_logfile_backups": 3,
        },
    )


def _section(name: str, values: Mapping[str, object]) -> str:
    """A section of the configuration, without empty values."""
    lines = [f"{key} = {_value(value)}" for key, value in values.items() if value != ""]
    return "\n".join([f"[{name}]", *lines, ""])


def _value(value: object) -> str:
    """A value for supervisord, which has no way to escape comments and formats."""
    text = str(value)
    if re.search(r"\s[;#]|[%\n]", text):
        raise CannotStart(f"Paths with %, ' ;', ' #' or a line break are not supported: {text!r}.")
    return text

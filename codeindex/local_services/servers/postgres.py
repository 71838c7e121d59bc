"""The private PostgreSQL with pgvector, from the binaries in a wheel.

The binaries are run directly, not through the wheel's Python wrapper, which mistakes a stale
process number for a live server, detaches the server, and gives up after ten seconds of
recovery."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from enum import Enum
from pathlib import Path
from typing import Any

import psutil
import psycopg

from codeindex.local_services import machine
from codeindex.local_services.processes.accounts import Account
from codeindex.local_services.processes.children import child_command
from codeindex.local_services.processes.lifeline import PARENT_VARIABLE
from codeindex.local_services.servers import postgres_programs
from codeindex.local_services.state import DATABASE, CannotStart, State

_CONFIGURATION = "codeindex.conf"
_MIB = 1024**2
_GIB = 1024**3


class Durability(Enum):
    """What may be lost when the machine crashes."""

    DURABLE = "nothing that has been committed"
    DISPOSABLE = "everything; for data that is discarded after use, as in tests"


def connection_settings(state: State) -> dict[str, Any]:
    """The entry of Django's DATABASES for this server."""
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": DATABASE,
        "USER": DATABASE,
        "HOST": str(state.sockets),
    }


def is_ready(state: State) -> bool:
    """Whether a server for this folder accepts connections."""
    try:
        with psycopg.connect(
            host=str(state.sockets), user=DATABASE, dbname=DATABASE, connect_timeout=5
        ):
            return True
    except psycopg.OperationalError:
        return False


def command(state: State) -> list[str]:
    """The server, in the foreground."""
    return [str(postgres_programs.binaries(state) / "postgres"), "-D", str(state.postgres)]


def prepare(
    state: State, account: Account | None, durability: Durability = Durability.DURABLE
) -> None:
    """Creates the cluster and its database on the first start; writes the settings on each
    start."""
    postgres_programs.prepare(state, account)
    if not state.postgres.exists():
        _initialise(state, account, durability)
    _forget_reused_pid(state)
    settings = _settings(state, durability)
    lines = [f"{name} = '{value}'\n" for name, value in settings.items()]
    (state.postgres / _CONFIGURATION).write_text("".join(lines), encoding="utf-8")


def _initialise(state: State, account: Account | None, durability: Durability) -> None:
    """Creates the cluster beside its final place and renames it, so that no half-made one is
    used."""
    unfinished = state.postgres.with_name("postgres.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    if account is not None:
        os.chown(unfinished, account.uid, account.gid)
    binaries = postgres_programs.binaries(state)
    locale = ["--no-locale", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    access = ["--auth-local=trust", "--auth-host=reject", f"--username={DATABASE}"]
    rest = ["--encoding=UTF8", "--text-search-config=english", "--no-instructions"]
    syncing = [] if durability is Durability.DURABLE else ["--no-sync"]
    initdb: list[str | Path] = [
        binaries / "initdb",
        "-D",
        unfinished,
        *locale,
        *access,
        *rest,
        *syncing,
    ]
    single: list[str | Path] = [
        binaries / "postgres",
        "--single",
        "-j",
        "-D",
        unfinished,
        "postgres",
    ]
    _run(initdb, account)
    _run(single, account, statement=f"CREATE DATABASE {DATABASE}")
    with (unfinished / "postgresql.conf").open("a", encoding="utf-8") as configuration:
        configuration.write(f"include_if_exists = '{_CONFIGURATION}'\n")
    unfinished.rename(state.postgres)


def _run(program: list[str | Path], account: Account | None, statement: str = "") -> None:
    """Runs a PostgreSQL tool to its end. Raises CannotStart with the end of its output."""
    done = subprocess.run(
        child_command(program, account=account, death_signal=signal.SIGKILL),
        input=statement,
        capture_output=True,
        text=True,
        cwd="/",
        env={**os.environ, PARENT_VARIABLE: str(os.getpid())},
    )
    if done.returncode != 0:
        words = " ".join((done.stderr or done.stdout).split()[-60:])
        raise CannotStart(f"PostgreSQL could not create its data folder: {words}")


def _forget_reused_pid(state: State) -> None:
    """Deletes a stale pid file. PostgreSQL checks its own, but is misled if the system has since
    given the number to another program. Called when no process of this installation is left."""
    pid_file = state.postgres / "postmaster.pid"
    if not pid_file.exists():
        return
    first_line = pid_file.read_text(encoding="utf-8").partition("\n")[0]
    if not first_line.isdigit() or psutil.pid_exists(int(first_line)):
        pid_file.unlink()


def _settings(state: State, durability: Durability) -> dict[str, str | int]:
    """ALTER SYSTEM overrides these."""
    return {
        "listen_addresses": "",
        "unix_socket_directories": str(state.sockets),
        "unix_socket_permissions": "0700",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "jit": "off",
        "random_page_cost": "1.1",
        "wal_level": "minimal",
        "max_wal_senders": 0,
        "checkpoint_timeout": "15min",
        **_sizes(state),
        **_durability(durability),
    }


def _sizes(state: State) -> dict[str, str | int]:
    """Memory and parallelism for a machine that also runs a language model."""
    memory, processors = machine.memory_bytes(), machine.processors()
    maintenance = _between(64 * _MIB, memory // 8, 4 * _GIB)
    shared_memory = "posix" if _shared_memory_free() > 2 * maintenance else "mmap"
    disk = shutil.disk_usage(state.folder).free
    return {
        "shared_buffers": _megabytes(_between(64 * _MIB, memory // 4, 8 * _GIB)),
        "effective_cache_size": _megabytes(memory // 2),
        "maintenance_work_mem": _megabytes(maintenance),
        "work_mem": _megabytes(_between(8 * _MIB, memory // 512, 64 * _MIB)),
        "max_wal_size": _megabytes(_between(256 * _MIB, disk // 16, 4 * _GIB)),
        "dynamic_shared_memory_type": shared_memory,
        "max_parallel_workers": processors,
        "max_parallel_workers_per_gather": max(1, processors // 2),
        "max_parallel_maintenance_workers": max(1, processors // 2),
    }


def _durability(durability: Durability) -> dict[str, str]:
    if durability is Durability.DURABLE:
        return {}
    return {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def _shared_memory_free() -> int:
    """Free bytes in /dev/shm. The 64 MiB of a container are too few for a parallel index build."""
    folder = Path("/dev/shm")  # noqa: S108  only its size is asked
    return shutil.disk_usage(folder).free if folder.is_dir() else 0


def _between(low: int, value: int, high: int) -> int:
    return max(low, min(value, high))


def _megabytes(size: int) -> str:
    return f"{size // _MIB}MB"

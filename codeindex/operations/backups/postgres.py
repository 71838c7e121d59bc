"""PostgreSQL's own programs: pg_dump, pg_restore and psql, of a version that suits the server."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import IO, Any

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import conninfo, pq

from codeindex.local_services.processes.children import child_command
from codeindex.local_services.processes.lifeline import PARENT_VARIABLE
from codeindex.local_services.servers import postgres_programs
from codeindex.operations.backups.archive import PART, Unusable

_NEEDED = ("pg_dump", "pg_restore", "psql")
_SYSTEM = Path("/usr/lib/postgresql")
_ERROR_WORDS = 80

_UNKNOWN_BEFORE_17 = b"SET transaction_timeout = 0;\n"
"""A line of pg_restore's scripts since version 17, which older servers refuse."""


@dataclass(frozen=True, slots=True)
class Programs:
    """A folder with PostgreSQL's programs of one version."""

    folder: Path
    version: int

    def __getitem__(self, name: str) -> Path:
        return self.folder / name


def programs_for(server: int) -> Programs:
    """The programs whose major version is nearest to the server's, and not below it. Raises
    `Unusable` if there are none."""
    suitable = [found for found in _installed() if found.version >= server]
    if not suitable:
        raise Unusable(
            f"The database is PostgreSQL {server}, and pg_dump, pg_restore and psql of that version"
            f" or a newer one were not found. Install them (postgresql-client-{server} on Debian"
            " and Ubuntu)."
        )
    return min(suitable, key=lambda found: found.version)


def _installed() -> Iterator[Programs]:
    on_path = (Path(each) for each in os.environ.get("PATH", "").split(os.pathsep) if each)
    for folder in (postgres_programs.installed_binaries(), *_SYSTEM.glob("*/bin"), *on_path):
        if all(os.access(folder / name, os.X_OK) for name in _NEEDED):
            told = subprocess.run([folder / "pg_dump", "--version"], capture_output=True, text=True)
            if version := re.search(r"\) (\d+)", told.stdout):
                yield Programs(folder, int(version[1]))


@dataclass(frozen=True, slots=True)
class Target:
    """A database as libpq names it; the password is in the environment, which others cannot
    read."""

    address: str
    password: str = ""

    @classmethod
    def of(cls, database: BaseDatabaseWrapper) -> Target:
        known = {option.keyword.decode() for option in pq.Conninfo.get_defaults()}
        wanted: dict[str, Any] = database.get_connection_params()
        given = {name: value for name, value in wanted.items() if name in known}
        password = given.pop("password", "")
        return cls(conninfo.make_conninfo(**given), str(password))

    @property
    def environment(self) -> dict[str, str]:
        own = {"PGPASSWORD": self.password} if self.password else {}
        return os.environ | {PARENT_VARIABLE: str(os.getpid())} | own


def server_version() -> int:
    """The major version of the settings' database."""
    major: int = connection.get_database_version()[0]
    return major


@contextmanager
def dump(target: Target, programs: Programs, *options: str) -> Iterator[IO[bytes]]:
    """The output of pg_dump. Raises `Unusable` after the block if it failed."""
    program = [
        programs["pg_dump"], "--dbname", target.address, "--format", "custom",
        "--no-owner", "--no-privileges", "--no-comments", "--no-password", *options,
    ]  # fmt: skip
    with _running(program, target, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        yield process.stdout


@contextmanager
def script(source: IO[bytes], programs: Programs, server: int) -> Iterator[Iterator[bytes]]:
    """What pg_restore makes of a dump: the lines of a script for psql. Raises `Unusable` after the
    block if it failed."""
    program = [
        programs["pg_restore"], "--file", "-", "--no-owner", "--no-privileges", "--no-comments",
    ]  # fmt: skip
    with _running(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        feeder = Thread(target=_feed, args=(source, process.stdin), daemon=True)
        feeder.start()
        yield (line for line in process.stdout if server >= 17 or line != _UNKNOWN_BEFORE_17)
        feeder.join()


def _feed(source: IO[bytes], sink: IO[bytes]) -> None:
    with suppress(BrokenPipeError), sink:  # whoever reads it has ended, and says why
        shutil.copyfileobj(source, sink, PART)


@contextmanager
def shell(target: Target, programs: Programs) -> Iterator[IO[bytes]]:
    """The input of psql, which ends at the first error. Raises `Unusable` after the block if there
    was one. What was not committed by then has not happened."""
    program = [
        programs["psql"], "--dbname", target.address, "--no-psqlrc", "--quiet", "--no-password",
        "--output", os.devnull, "--set", "ON_ERROR_STOP=1",
    ]  # fmt: skip
    with _running(program, target, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        try:
            yield process.stdin
            process.stdin.close()
        except BrokenPipeError:
            return  # it has ended, and says why


@contextmanager
def _running(
    program: Sequence[object], target: Target | None = None, **streams: Any
) -> Iterator[subprocess.Popen[bytes]]:
    """Runs one of the programs, which ends with the block at the latest."""
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            child_command([str(word) for word in program], death_signal=signal.SIGKILL),
            stderr=errors,
            env=(target or Target("")).environment,
            start_new_session=True,  # Ctrl-C is for us
            **streams,
        )
        try:
            yield process
            if process.wait() != 0:
                errors.seek(0)
                words = errors.read().decode(errors="replace").split()[:_ERROR_WORDS]
                raise Unusable(f"{Path(str(program[0])).name} failed: {' '.join(words)}")
        finally:
            process.kill()
            process.wait()
            for pipe in filter(None, (process.stdin, process.stdout)):
                with suppress(BrokenPipeError):
                    pipe.close()

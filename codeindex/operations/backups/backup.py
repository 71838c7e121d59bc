"""Makes a backup of the installation that the settings name, while it runs."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from django.conf import settings
from django.db import connection, transaction

from codeindex import audit
from codeindex.audit import Change
from codeindex.local_services.state import State
from codeindex.operations.backups import archive, contents, postgres, progress
from codeindex.operations.backups.archive import Manifest, Unusable, Writer
from codeindex.operations.backups.contents import LeftOut, TableContent
from codeindex.operations.backups.postgres import Programs, Target
from codeindex.operations.versions import version

Note = Callable[[str], None]
"""Is called with what is being done."""

EXTENSION = "vector"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be in a backup."""

    left_out: LeftOut = LeftOut.NOTHING
    keys: bool = True
    models: bool = True


def make(path: Path, wanted: Wanted, note: Note) -> Manifest:
    """Writes a backup to `path`. It has the database as it was at one moment. Raises `Unusable`."""
    if not connection.introspection.table_names():
        raise Unusable("There is nothing to back up: the database has no tables.")
    server = postgres.server_version()
    programs, target = postgres.programs_for(server), Target.of(connection)
    with archive.created(path) as writer, _snapshot(target) as (reading, snapshot):
        note("Writing the database")
        _write_database(writer, target, programs, wanted.left_out, snapshot)
        _write_files(writer, wanted, note)
        note("Computing the checksums of the tables")
        tables = contents.tables(reading, wanted.left_out.tables)
        manifest = writer.finish(_manifest(wanted, server, reading, tables))
    with transaction.atomic():
        audit.record(Change.BACKUP_MADE, str(path), by=None)
    return manifest


@contextmanager
def _snapshot(target: Target) -> Iterator[tuple[psycopg.Connection, str]]:
    """A transaction that reads one state of the database, and the name of its snapshot, by which
    pg_dump reads the same."""
    with psycopg.connect(target.address, password=target.password or None) as reading:
        reading.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        reading.read_only = True
        snapshots = reading.execute("SELECT pg_export_snapshot()").fetchall()
        yield reading, snapshots[0][0]


def _write_database(
    writer: Writer, target: Target, programs: Programs, left_out: LeftOut, snapshot: str
) -> None:
    without = [f"--exclude-table-data={table}" for table in left_out.tables]
    options = ("--extension", EXTENSION, "--snapshot", snapshot, *without)
    with (
        postgres.dump(target, programs, *options) as dumped,
        writer.member(archive.DATABASE) as member,
        progress.of_writing(member) as shown,
    ):
        shutil.copyfileobj(dumped, shown, archive.PART)


def _write_files(writer: Writer, wanted: Wanted, note: Note) -> None:
    if wanted.keys:
        keys = "\n".join(secret_keys())
        writer.add_bytes(archive.SECRET_KEY, keys.encode())
    models = State(settings.CODEINDEX_HOME).models
    if wanted.models and models.is_dir():
        for name, file in archive.files_below(models):
            note(f"Writing the model {name}")
            writer.add_file(f"{archive.MODELS}{name}", file)


def secret_keys() -> Sequence[str]:
    """The key in use, and former ones that still decrypt what they have encrypted."""
    return (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)


def _manifest(
    wanted: Wanted, server: int, reading: psycopg.Connection, tables: dict[str, TableContent]
) -> Manifest:
    extension = reading.execute(
        "SELECT extversion FROM pg_extension WHERE extname = %s", [EXTENSION]
    ).fetchall()
    # Names of migrations begin with their numbers.
    migrations = "SELECT app, max(name) FROM django_migrations GROUP BY app"
    return Manifest(
        version=version(),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        postgres=server,
        pgvector=extension[0][0] if extension else "",
        migrations=dict(reading.execute(migrations).fetchall()),
        home=str(settings.CODEINDEX_HOME),
        left_out=wanted.left_out,
        has_keys=wanted.keys,
        tables=tables,
    )

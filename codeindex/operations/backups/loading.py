"""Loads the database of a backup: all of it, or nothing."""

from __future__ import annotations

import psycopg

from codeindex.operations.backups import archive, contents, postgres, progress
from codeindex.operations.backups.archive import Backup, Unusable
from codeindex.operations.backups.contents import TableContent
from codeindex.operations.backups.postgres import Target

_MOST_NAMED = 5


def load(backup: Backup, target: Target, server: int, *, replace: bool = False) -> None:
    """Loads the dump into a database in one transaction, which with `replace` first drops the
    tables that are there. Raises `Unusable`; then the database is as it was.

    psql commits only what this ends with: whoever is killed has changed nothing."""
    manifest = backup.manifest
    if server < manifest.postgres:
        raise Unusable(
            f"The backup was made of PostgreSQL {manifest.postgres}, and this database is"
            f" PostgreSQL {server}. Restore it into version {manifest.postgres} or newer."
        )
    programs = postgres.programs_for(server)
    size = manifest.members[archive.DATABASE].bytes
    with (
        postgres.shell(target, programs) as shell,
        backup.open(archive.DATABASE) as member,
        progress.of_reading(member, size) as dump,
    ):
        shell.write(BEGIN)
        if replace:
            shell.write(DROP)
        with postgres.script(dump, programs, server) as lines:
            shell.writelines(lines)
        shell.write(COMMIT)


def compare(backup: Backup, connection: psycopg.Connection) -> None:
    """Raises `Unusable` if the tables do not hold what the manifest says."""
    expected = backup.manifest.tables
    held = contents.tables(connection, backup.manifest.left_out.tables)
    wrong = [
        f"{table} has {_told(held.get(table))} instead of {_told(expected.get(table))}"
        for table in sorted(expected.keys() | held.keys())
        if held.get(table) != expected.get(table)
    ]
    if wrong:
        told = "; ".join(wrong[:_MOST_NAMED])
        raise Unusable(f"The backup does not hold what was there: {told}.")


def _told(content: TableContent | None) -> str:
    return f"{content.rows:,} rows ({content.checksum})" if content else "nothing"


BEGIN = b"""
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL lock_timeout = '30s';
"""

DROP = b"""
DO $$
DECLARE
    name text;
BEGIN
    FOR name IN
        SELECT oid::regclass FROM pg_class AS one
        WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')
          AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = one.oid AND deptype = 'e')
    LOOP
        EXECUTE 'DROP TABLE IF EXISTS ' || name || ' CASCADE';
    END LOOP;
    FOR name IN
        SELECT oid::regprocedure FROM pg_proc AS one
        WHERE pronamespace = current_schema()::regnamespace
          AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = one.oid AND deptype = 'e')
    LOOP
        EXECUTE 'DROP ROUTINE IF EXISTS ' || name || ' CASCADE';
    END LOOP;
END $$;
"""

COMMIT = b"\nCOMMIT;\n"

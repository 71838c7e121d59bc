"""Verifies a backup: its checksums, and that its tables are what they were."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from django.conf import settings
from psycopg.conninfo import make_conninfo

from codeindex.local_services import state_folder
from codeindex.local_services.servers import private
from codeindex.local_services.servers.postgres import Durability
from codeindex.local_services.state import DATABASE, State
from codeindex.operations.backups import archive, loading
from codeindex.operations.backups.archive import Manifest
from codeindex.operations.backups.postgres import Target

SERVER = 18
"""The version of the PostgreSQL that comes with codeindex."""


def verify(path: Path, note: Callable[[str], None]) -> Manifest:
    """Reads the whole backup, restores its database into a temporary PostgreSQL in the state
    folder, and compares the rows and the checksum of each table with those at the time of the
    backup. Raises `Unusable` and `CannotStart`. Needs as much disk space as the database."""
    with archive.opened(path) as backup:
        note("Reading the backup")
        backup.check()
        with _scratch() as target:
            note("Restoring the database into a temporary one")
            loading.load(backup, target, SERVER)
            note("Comparing the tables")
            with psycopg.connect(target.address) as connection:
                loading.compare(backup, connection)
        return backup.manifest


@contextmanager
def _scratch() -> Iterator[Target]:
    """An empty database of its own."""
    with State(settings.CODEINDEX_HOME).temporary("verifications") as folder:
        state = State(folder / "state")
        try:
            with state_folder.locked(state), private.started(state, Durability.DISPOSABLE):
                host = str(state.sockets)
                yield Target(make_conninfo(host=host, user=DATABASE, dbname=DATABASE))
        finally:
            shutil.rmtree(state.sockets, ignore_errors=True)

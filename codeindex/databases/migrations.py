"""The migrations that the database still lacks."""

from __future__ import annotations

from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder


def unapplied() -> list[str]:
    """The migrations of this version that have not been applied, as `application.name`. Those of a
    newer version do not matter: it may have been started beside this one. Raises
    `DatabaseError`."""
    applied = MigrationRecorder(connection).applied_migrations()
    missing = MigrationLoader(None).disk_migrations.keys() - applied.keys()
    return sorted(f"{application}.{name}" for application, name in missing)

"""Restores a backup into the installation that the settings name."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.template.defaultfilters import pluralize

from codeindex import audit
from codeindex.audit import Change
from codeindex.ingestion.cloning import mirrors
from codeindex.local_services.state import State
from codeindex.operations.backups import archive, loading, postgres, rebuilding
from codeindex.operations.backups.archive import Backup, Manifest, Unusable
from codeindex.operations.backups.backup import secret_keys
from codeindex.operations.backups.postgres import Target

_ASIDE = "restore-"

FALLBACKS = "secret_key_fallbacks"
"""The file beside the secret key that holds former ones."""

UNFINISHED = (
    "Stopped after the database was restored, but before the restore was complete. Run it again"
    " with --replace."
)


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored, and sentences that say what is lost or left to do."""

    manifest: Manifest
    remarks: Sequence[str]


def restore(path: Path, *, replace: bool, keys: bool, note: Callable[[str], None]) -> Restored:
    """Restores the database, the secret key and the models. Whatever is wrong with the backup or
    the installation is found before anything is changed. Raises `Unusable`."""
    with archive.opened(path) as backup:
        note("Reading the backup")
        backup.check()
        refuse_newer(backup.manifest)
        refuse_occupied(replace=replace)
        takes_keys = keys and backup.manifest.has_keys
        with _files(backup, keys=takes_keys) as (place, remarks):
            note("Restoring the database")
            server, target = postgres.server_version(), Target.of(connection)
            connection.close()
            loading.load(backup, target, server, replace=replace)
            with _told_if_stopped():
                note("Comparing the tables with the backup")
                with psycopg.connect(target.address, password=target.password or None) as reading:
                    loading.compare(backup, reading)
                place()
        with _told_if_stopped():
            note("Migrating the database")
            call_command("migrate", interactive=False, verbosity=0)
            remarks = [*remarks, *_settle(backup.manifest, path, has_keys=takes_keys)]
        return Restored(backup.manifest, remarks)


@contextmanager
def _told_if_stopped() -> Iterator[None]:
    """For what follows on the restored database: whoever stops it learns what is left to do."""
    try:
        yield
    except KeyboardInterrupt as error:
        raise KeyboardInterrupt(UNFINISHED) from error


def refuse_newer(manifest: Manifest) -> None:
    """Raises `Unusable` for a backup with migrations that this version does not have."""
    known = MigrationLoader(None)
    for application, name in manifest.migrations.items():
        if application in known.migrated_apps and (application, name) not in known.disk_migrations:
            raise Unusable(
                f"The backup was written by version {manifest.version} of codeindex, which is newer"
                " than this one. Upgrade codeindex first."
            )


def refuse_occupied(*, replace: bool) -> None:
    """Raises `Unusable` if the database is in use, or holds something that is not to be
    replaced."""
    if connection.introspection.table_names() and not replace:
        raise Unusable(
            "This installation is not empty: its database has tables. Restore into a new one, or"
            " delete everything that it holds with --replace."
        )
    with connection.cursor() as cursor:
        cursor.execute(OTHERS)
        ((others,),) = cursor.fetchall()
    if others:
        raise Unusable(
            f"The database is in use by {others} other connection{pluralize(others)}. Stop"
            " codeindex on all machines first."
        )


@contextmanager
def _files(backup: Backup, *, keys: bool) -> Iterator[tuple[Callable[[], None], list[str]]]:
    """Writes models and keys beside their places. Yields a function that moves them into place, and
    remarks about them."""
    state, remarks = State(settings.CODEINDEX_HOME), []
    state.make_folder()
    for left in state.folder.glob(f"{_ASIDE}*"):  # by a restore that was killed
        shutil.rmtree(left)
    with tempfile.TemporaryDirectory(prefix=_ASIDE, dir=state.folder) as folder:
        aside = Path(folder)
        backup.extract_models(aside / "models")
        if keys:
            held = backup.read(archive.SECRET_KEY).decode().split("\n")
            remarks = _write_keys(held, state, aside)

        def place() -> None:
            shutil.rmtree(mirrors.folder(), ignore_errors=True)  # of the replaced database
            for source in sorted(aside.glob("models/*")):
                target = state.models / source.name
                state.models.mkdir(mode=0o700, exist_ok=True)
                shutil.rmtree(target, ignore_errors=True)
                source.rename(target)
            for name in (archive.SECRET_KEY, FALLBACKS):
                if (aside / name).exists():
                    (aside / name).replace(state.folder / name)

        yield place, remarks


def _write_keys(keys: Sequence[str], state: State, folder: Path) -> list[str]:
    """Writes the keys that this installation does not have. Raises `Unusable` if its key is set
    elsewhere, where it cannot be changed."""
    if {*keys} <= {*secret_keys()} and keys[0] == settings.SECRET_KEY:
        return []
    stored = state.secret_key.read_text(encoding="ascii") if state.secret_key.exists() else ""
    if settings.SECRET_KEY not in (stored, keys[0]):
        raise Unusable(
            "Credentials in the backup are encrypted with its secret key, and SECRET_KEY is set to"
            " another one. Unset SECRET_KEY to use the backup's, or restore with --without-keys and"
            " enter the credentials again."
        )
    _write_secret(folder / archive.SECRET_KEY, keys[0])
    if len(keys) == 1:
        return []
    _write_secret(folder / FALLBACKS, ",".join(keys[1:]))
    return [
        "Some credentials are encrypted with former secret keys. Set"
        f" SECRET_KEY_FALLBACKS_FILE={state.folder / FALLBACKS}."
    ]


def _write_secret(file: Path, content: str) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as writing:
        writing.write(content)


def _settle(manifest: Manifest, path: Path, *, has_keys: bool) -> list[str]:
    """Lets the workers rebuild what the backup does without, and removes what nobody can read."""
    with transaction.atomic():
        audit.record(Change.BACKUP_RESTORED, str(path), by=None, details=manifest.created)
        rebuilding.move_models(manifest.home, str(settings.CODEINDEX_HOME))
        remarks = rebuilding.request(manifest.left_out)
        if not has_keys:
            remarks += rebuilding.forget_unreadable()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return remarks


OTHERS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()
"""

"""Backups of the database under test, restored over it."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import CommandError
from django.db import connection, transaction
from django.test import override_settings

from codeindex import credentials
from codeindex.local_services.state import State
from codeindex.management.backups import as_command_error
from codeindex.models import (
    AuditRecord,
    Branch,
    Embedding,
    EmbeddingState,
    IndexRun,
    Repository,
    RunStatus,
    Space,
)
from codeindex.operations.backups import archive, backup, contents, loading, restore
from codeindex.operations.backups.archive import Manifest, Unusable
from codeindex.operations.backups.backup import Wanted
from codeindex.operations.backups.contents import LeftOut
from codeindex.operations.backups.postgres import Target
from tests import shelf
from tests.shelf import Written

committing = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _alone(db: None) -> None:
    """Threads of earlier tests may have left a connection open, as a codeindex that runs does."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'idle'"
            " AND datname = current_database() AND pid <> pg_backend_pid()"
        )
        cursor.execute("SELECT pg_stat_clear_snapshot()")


def ignore(words: str) -> None:
    """Says nothing of the progress."""


def made(path: Path, wanted: Wanted = Wanted()) -> Path:  # noqa: B008  a value
    backup.make(path, wanted, ignore)
    return path


def restored(path: Path, *, keys: bool = True) -> list[str]:
    return [*restore.restore(path, replace=True, keys=keys, note=ignore).remarks]


@pytest.fixture
def shop(alice: User) -> Repository:
    """A repository with a live file, a vector and a credential, and a user with a second factor."""
    shop = shelf.repository(alice)
    shelf.space()
    written = Written("def load(csv): return csv", "load", vector=(1, 0, 0, 0))
    shelf.put(shop, "load.py", written)
    Repository.objects.filter(pk=shop.pk).update(credential=credentials.encrypt("alice:secret"))
    secret = credentials.encrypt("ABCDEF")
    Authenticator.objects.create(user=alice, type="totp", data={"secret": secret})
    return shop


@committing
class TestRoundTrip:
    def test_everything_is_as_it_was(self, shop: Repository, tmp_path: Path) -> None:
        definitions = contents_of_tables()
        file = made(tmp_path / "backup.zip")
        Repository.objects.update(name="renamed")
        User.objects.create_user("later")

        assert restored(file) == []
        kept = contents_of_tables()
        assert {table for table in kept if kept[table] != definitions[table]} == {
            AuditRecord._meta.db_table  # the backup and the restore are noted
        }
        shop.refresh_from_db()
        assert credentials.decrypt(shop.credential) == "alice:secret"
        assert file.stat().st_mode & 0o777 == 0o600
        assert [*tmp_path.iterdir()] == [file]
        notes = AuditRecord.objects.order_by("pk").values_list("action", "subject")
        assert list(notes)[-1:] == [("backup_restored", str(file))]

    def test_models_come_along(self, shop: Repository, tmp_path: Path) -> None:
        models = State(settings.CODEINDEX_HOME).models
        weights = models / "ours/weights"
        weights.parent.mkdir(parents=True)
        weights.write_text("1 2 3")
        (models / "ours/elsewhere").symlink_to("/etc/passwd")
        Space.objects.update(checkpoint=str(weights.parent))
        file = made(tmp_path / "backup.zip")
        weights.write_text("4 5 6")
        with override_settings(CODEINDEX_HOME=tmp_path / "new"):
            restored(file)
            moved = tmp_path / "new/models/ours"
            assert [*moved.iterdir()] == [moved / "weights"]
            assert (moved / "weights").read_text() == "1 2 3"
            assert Space.objects.get().checkpoint == str(moved)


@committing
class TestLeftOut:
    def test_vectors_are_asked_for_again(self, shop: Repository, tmp_path: Path) -> None:
        file = made(tmp_path / "backup.zip", Wanted(LeftOut.VECTORS))
        (remark,) = restored(file)
        assert "compute the vectors again" in remark
        assert [each.state for each in Embedding.objects.all()] == [EmbeddingState.PENDING]

    def test_repositories_are_indexed_again(self, shop: Repository, tmp_path: Path) -> None:
        file = made(tmp_path / "backup.zip", Wanted(LeftOut.CODE))
        (remark,) = restored(file)
        assert "index every repository again" in remark
        assert Branch.objects.get().live_run is None
        states = IndexRun.objects.order_by("pk").values_list("status", flat=True)
        assert list(states) == [RunStatus.PUBLISHED, RunStatus.QUEUED]

    def test_what_is_kept_refers_to_nothing_that_is_left_out(self) -> None:
        for left_out in ({*contents.VECTORS}, {*contents.CODE}):
            dangling = [
                field
                for model in {*apps.get_models(include_auto_created=True)} - left_out
                for field in model._meta.concrete_fields
                if field.related_model in left_out
            ]
            assert dangling == []

    def test_what_nobody_can_read_without_the_key_is_removed(
        self, shop: Repository, tmp_path: Path
    ) -> None:
        file = made(tmp_path / "backup.zip", Wanted(keys=False))
        with zipfile.ZipFile(file) as held:
            assert settings.SECRET_KEY.encode() not in file.read_bytes()
            assert archive.SECRET_KEY not in held.namelist()
        with override_settings(SECRET_KEY="another"):
            (remark,) = restored(file)
        assert "1 credential of a clone URL, 1 second factor" in remark
        shop.refresh_from_db()
        assert (shop.credential, Authenticator.objects.count()) == ("", 0)


@pytest.fixture(scope="module")
def empty(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> bytes:
    """The backup of an installation without users."""
    with django_db_blocker.unblock():
        file = made(tmp_path_factory.mktemp("empty") / "backup.zip")
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE codeindex_auditrecord")
        return file.read_bytes()


@pytest.mark.django_db
class TestRefusals:
    """Whatever is wrong is found before anything is changed."""

    @pytest.fixture
    def file(self, empty: bytes, alice: User, tmp_path: Path) -> Path:
        file = tmp_path / "backup.zip"
        file.write_bytes(empty)
        return file

    def assert_refused(self, file: Path, words: str, *, replace: bool = True) -> None:
        before = contents_of_tables()
        with pytest.raises(Unusable, match=words):
            restore.restore(file, replace=replace, keys=True, note=ignore)
        assert contents_of_tables() == before

    def test_an_installation_that_is_not_empty(self, file: Path) -> None:
        self.assert_refused(file, "is not empty", replace=False)

    def test_an_installation_that_runs(self, file: Path) -> None:
        with psycopg.connect(Target.of(connection).address):
            self.assert_refused(file, "in use by 1 other")

    def test_a_file_that_exists_is_not_overwritten(self, file: Path) -> None:
        before = file.read_bytes()
        with pytest.raises(Unusable, match="never overwritten"):
            made(file)
        assert file.read_bytes() == before

    @pytest.mark.parametrize("member", [archive.DATABASE, archive.SECRET_KEY])
    def test_a_damaged_byte(self, file: Path, member: str) -> None:
        with zipfile.ZipFile(file) as held:
            place = held.getinfo(member).header_offset + 30 + len(member) + 20 + 8
        content = bytearray(file.read_bytes())
        content[place] ^= 1
        file.write_bytes(content)
        self.assert_refused(file, "damaged")

    def test_a_truncated_file(self, file: Path) -> None:
        file.write_bytes(file.read_bytes()[:-200])
        self.assert_refused(file, "damaged or is no backup")

    def test_a_file_that_leads_elsewhere(self, file: Path) -> None:
        with zipfile.ZipFile(file, "a") as held:
            held.writestr("models/x/../../secret_key", "mine")
        self.assert_refused(file, "does not hold what its manifest says")

    @pytest.mark.parametrize(
        "change",
        [
            lambda manifest: replace(manifest, format=archive.FORMAT + 1),
            lambda manifest: replace(manifest, migrations={"codeindex": "9999_later"}),
        ],
    )
    def test_a_newer_version(
        self, file: Path, change: Callable[[Manifest], Manifest], tmp_path: Path
    ) -> None:
        self.assert_refused(rewritten(file, tmp_path / "newer.zip", change), "Upgrade codeindex")

    @pytest.mark.parametrize(
        "change",
        [
            {"created": "yesterday"}, {"left_out": "everything"}, {"migrations": 7},
            {"members": {}}, {"tables": [1]}, {"format": "one"},
        ],
        ids=str,
    )  # fmt: skip
    def test_a_manifest_that_no_backup_has(
        self, file: Path, change: dict[str, Any], tmp_path: Path
    ) -> None:
        other = tmp_path / "other.zip"
        with zipfile.ZipFile(file) as held, zipfile.ZipFile(other, "w") as writer:
            manifest = json.loads(held.read(archive.MANIFEST)) | change
            writer.writestr(archive.MANIFEST, json.dumps(manifest))
            for name in {*held.namelist()} - {archive.MANIFEST}:
                writer.writestr(name, held.read(name))
        self.assert_refused(other, "is damaged or is no backup")

    @pytest.mark.parametrize("member", [archive.DATABASE, archive.MANIFEST])
    def test_an_encrypted_member(self, file: Path, member: str) -> None:
        content = bytearray(file.read_bytes())
        entry = content.rindex(b"PK\1\2", 0, content.rindex(member.encode()))
        for flags in (content.index(member.encode()) - 30 + 6, entry + 8):
            content[flags] |= 1
        file.write_bytes(content)
        self.assert_refused(file, "damaged")

    def test_a_stop_after_the_database_was_restored_says_so(
        self, file: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def stop(*_: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(loading, "load", lambda *_, **__: None)
        monkeypatch.setattr(loading, "compare", stop)
        with pytest.raises(CommandError, match="Run it again with --replace"), as_command_error():
            restore.restore(file, replace=True, keys=True, note=ignore)

    def test_a_database_that_is_older(self, file: Path) -> None:
        with (
            archive.opened(file) as held,
            pytest.raises(Unusable, match="version 18 or newer"),
        ):
            loading.load(held, Target.of(connection), 17)

    def test_a_key_that_cannot_be_changed(self, file: Path) -> None:
        State(settings.CODEINDEX_HOME).secret_key.write_text("stored")
        with override_settings(SECRET_KEY="set elsewhere"):
            self.assert_refused(file, "Unset SECRET_KEY")

    def test_tables_that_are_not_what_they_were(self, file: Path, tmp_path: Path) -> None:
        def change(manifest: Manifest) -> Manifest:
            tables = dict(manifest.tables)
            tables["auth_user"] = replace(tables["auth_user"], rows=7)
            return replace(manifest, tables=tables)

        with (
            archive.opened(rewritten(file, tmp_path / "wrong.zip", change)) as held,
            connection.cursor() as cursor,
            pytest.raises(Unusable, match=r"auth_user has 1 rows .* instead of 7"),
        ):
            loading.compare(held, cursor.connection)


def rewritten(file: Path, to: Path, change: Callable[[Manifest], Manifest]) -> Path:
    """The backup with another manifest."""
    with archive.opened(file) as held, archive.created(to) as writer:
        for name in held.manifest.members:
            writer.add_bytes(name, held.read(name))
        writer.finish(change(held.manifest))
    return to


def contents_of_tables() -> dict[str, contents.TableContent]:
    with transaction.atomic(), connection.cursor() as cursor:
        return contents.tables(cursor.connection)

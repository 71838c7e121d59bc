"""Migrations run while an older version serves: none locks a large table for long, and what that
version deletes may be referred to by tables that it does not know."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.apps import apps
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import CreateModel

LARGE = {
    f"codeindex_{name}"
    for name in (
        "auditrecord", "blob", "blobwords", "definition", "definitionchange", "embedding",
        "mappoint", "namesused", "sourcefile", "text", "textshape", "wordcount",
    )
}  # fmt: skip
"""Tables that grow with the code, or with its use."""

LOCKING = re.compile(
    r"""
    CREATE\ (?:UNIQUE\ )?INDEX\ (?!CONCURRENTLY).*?\ ON\ "(?P<indexed>\w+)"
    | ALTER\ TABLE\ "(?P<altered>\w+)"\ (?:
        ADD\ CONSTRAINT\ "\w+"\ (?:UNIQUE|CHECK|FOREIGN\ KEY|EXCLUDE)(?!.*NOT\ VALID)
        | ADD\ COLUMN\ .*\ (?:GENERATED|UNIQUE|REFERENCES)
        | ALTER\ COLUMN\ "\w+"\ (?:TYPE|SET\ NOT\ NULL)
    )
    | (?:UPDATE|DELETE\ FROM)\ "?(?P<written>\w+)
    """,
    re.VERBOSE,
)
"""Statements that read or write a whole table under a lock that keeps writers or readers out."""

CREATED = re.compile(r'CREATE TABLE "(\w+)"')

FIRST = "0004_indexes"
"""Up to here the tables are new."""

KNOWN = {
    "0010_turns", "0013_analysis_of_texts", "0014_what_is_left_out", "0017_drafts", "0020_grams",
    "0040_words_of_blobs",
}  # fmt: skip
"""Migrations that lock a large table nevertheless. They add a column and its index in one
transaction, so that searches wait while the table is read once. They are older than this rule."""


UNFOLLOWED = "0047_bitbucket_server"
"""Up to here Django alone follows references; later tables use `databases.cascades`."""


UNREFERRED = {"codeindex_namedoubt"}
"""Without a constraint: what an older version leaves behind is never read."""


def tables_since(name: str) -> set[str]:
    """The tables that migrations after the named one create."""
    return {
        f"codeindex_{operation.name_lower}"
        for (application, later), migration in MigrationLoader(None).disk_migrations.items()
        if application == "codeindex" and later > name
        for operation in migration.operations
        if isinstance(operation, CreateModel)
    }


def statements() -> Iterator[tuple[str, list[str]]]:
    """The SQL of each migration, but that of Python functions, by the migration's name."""
    loader = MigrationLoader(connection, replace_migrations=False)
    for application, name in sorted(loader.disk_migrations):
        if application == "codeindex" and name > FIRST:
            migration = loader.disk_migrations[application, name]
            yield name, loader.collect_sql([(migration, False)])


@pytest.mark.django_db(transaction=True)  # some statements take no transaction
def test_no_migration_locks_a_large_table_for_long() -> None:
    found = {}
    for name, sql in statements():
        created = set(CREATED.findall("\n".join(sql)))
        locked = {
            table
            for statement in sql
            for match in [LOCKING.search(statement)]
            for table in (match.groupdict().values() if match else ())
            if table in LARGE - created
        }
        if locked:
            found[name] = sorted(locked)
    assert found.keys() == KNOWN, found


@pytest.mark.django_db
def test_the_database_follows_references_of_tables_that_an_older_version_does_not_know() -> None:
    newer = tables_since(UNFOLLOWED) - UNREFERRED
    references = {
        (model._meta.db_table, field.column)
        for model in apps.get_app_config("codeindex").get_models()
        if model._meta.db_table in newer
        for field in model._meta.concrete_fields
        if field.is_relation
    }
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, attname FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid "
            "JOIN pg_attribute ON attrelid = conrelid AND conkey = ARRAY[attnum] "
            "WHERE contype = 'f' AND confdeltype <> 'a' AND relname = ANY(%s)",
            [sorted(newer)],
        )
        assert {*cursor.fetchall()} == references


@pytest.mark.parametrize(
    "statement",
    [
        'CREATE INDEX "a" ON "codeindex_text" ("hash");',
        'ALTER TABLE "codeindex_blob" ADD CONSTRAINT "a" UNIQUE ("sha");',
        'ALTER TABLE "codeindex_blob" ALTER COLUMN "sha" TYPE text;',
        'ALTER TABLE "codeindex_blob" ADD COLUMN "a" bigint NOT NULL REFERENCES "b" ("id")',
        "UPDATE codeindex_text SET analysis = 1",
    ],
)
def test_what_locks_is_recognised(statement: str) -> None:
    assert LOCKING.search(statement)


@pytest.mark.parametrize(
    "statement",
    [
        'CREATE INDEX CONCURRENTLY "a" ON "codeindex_text" ("hash");',
        'ALTER TABLE "codeindex_blob" ADD COLUMN "a" integer DEFAULT 0 NOT NULL;',
    ],
)
def test_what_takes_a_moment_is_not(statement: str) -> None:
    assert not LOCKING.search(statement)

"""The database: its version and settings, its tables and indexes."""

from __future__ import annotations

from collections.abc import Iterator

from django.apps import apps
from django.db import connection
from django.db.models import UniqueConstraint

from codeindex.databases import migrations, requirements
from codeindex.databases.statements import database_bytes, rows
from codeindex.operations.checkup.findings import Finding, advice, gib, some
from codeindex.spaces import lifecycle

WORK_MEMORY = 8 * 1024**2
LARGE = 1024**3
"""Bytes of shared memory from which huge pages are worth it."""

DEAD_SHARE, DEAD_ROWS = 0.2, 100_000
"""Dead rows of a table from which searches become slower."""


def examine() -> Iterator[Finding]:
    for problem in requirements.problems(connection):
        yield Finding(problem, "codeindex does not work with it.", "See docs/external-services.md.")
    missing = migrations.unapplied()
    if missing:
        yield Finding(
            f"{len(missing)} migrations are not applied: {some(missing)}.",
            "This version of codeindex expects tables that are not there.",
            "python manage.py migrate",
        )
        return
    yield from _settings()
    yield from _indexes()
    yield from _dead_rows()


def _settings() -> Iterator[Finding]:
    told = dict(rows(SETTINGS))
    size = database_bytes()
    if told["jit"] == "on":
        yield advice(
            "jit is on.",
            "Postgres compiles the statements of each search again, which takes longer than running"
            " them.",
            "ALTER SYSTEM SET jit = off; SELECT pg_reload_conf();",
        )
    if told["autovacuum"] == "off":
        yield Finding(
            "autovacuum is off.",
            "Tables grow without limit, and Postgres plans with outdated statistics.",
            "ALTER SYSTEM SET autovacuum = on; SELECT pg_reload_conf();",
        )
    shared = int(told["shared_buffers"]) * 8192
    if size > 2 * shared:
        yield advice(
            f"shared_buffers is {gib(shared)}, and the database takes {gib(size)}.",
            "A search reads thousands of pages, and those outside shared_buffers take longer.",
            f"Raise it towards {gib(size)}, as far as memory allows: ALTER SYSTEM SET"
            " shared_buffers = …; then restart Postgres.",
        )
    if int(told["work_mem"]) * 1024 < WORK_MEMORY:
        yield advice(
            f"work_mem is {int(told['work_mem']) // 1024} MB.",
            "Searches and index runs sort on disk.",
            "ALTER SYSTEM SET work_mem = '16MB'; SELECT pg_reload_conf();",
        )
    if shared >= LARGE and told.get("huge_pages_status") == "off":
        yield advice(
            "Postgres does not use huge pages.",
            "Large searches spend more time on memory access.",
            "See docs/operations.md#large-indexes.",
        )


def _indexes() -> Iterator[Finding]:
    for name, is_of_space in rows(INVALID):
        fix = (
            "The workers of embed rebuild it. To have that done now: python manage.py shell -c"
            " 'from codeindex import tasks; tasks.sweep()'"
            if is_of_space
            else f"REINDEX INDEX CONCURRENTLY {name};"
        )
        yield Finding(f"The index {name} is invalid.", "Postgres does not use it.", fix)
    present = {name for (name,) in rows(PRESENT)}
    for name, statement in _expected_indexes():
        if name not in present:
            yield Finding(
                f"The index {name} is missing.", "Statements read whole tables instead.", statement
            )
    for space in lifecycle.needing_index():
        yield advice(
            f"The space {space} has no vector index yet.",
            "Searches by meaning compare every vector.",
            "A worker of embed builds it when nothing else waits: make sure that one runs.",
        )


def _expected_indexes() -> Iterator[tuple[str, str]]:
    """The names of our indexes and unique constraints, and statements that create them."""
    with connection.schema_editor(collect_sql=True) as editor:
        for model in apps.get_app_config("codeindex").get_models():
            for index in model._meta.indexes:
                statement = str(index.create_sql(model, editor))
                concurrently = statement.replace("CREATE INDEX", "CREATE INDEX CONCURRENTLY", 1)
                yield index.name, f"{concurrently};"
            for constraint in model._meta.constraints:
                if isinstance(constraint, UniqueConstraint):
                    yield constraint.name, f"{constraint.create_sql(model, editor)};"


def _dead_rows() -> Iterator[Finding]:
    for table, live, dead in rows(DEAD, [DEAD_ROWS, DEAD_SHARE]):
        yield advice(
            f"{table} has {dead:,} dead rows and {live:,} live ones.",
            "Searches read the dead rows and skip them.",
            f"VACUUM (ANALYZE) {table};",
        )


SETTINGS = """
SELECT name, setting FROM pg_settings
WHERE name IN ('jit', 'autovacuum', 'shared_buffers', 'work_mem', 'huge_pages_status')
"""

INVALID = """
SELECT class.relname, class.relname LIKE 'embedding\\_space\\_%'
FROM pg_index JOIN pg_class AS class ON class.oid = indexrelid
WHERE NOT indisvalid AND class.relnamespace = current_schema()::regnamespace
  AND NOT EXISTS (SELECT FROM pg_stat_progress_create_index AS building
                  WHERE building.index_relid = indexrelid)
"""

PRESENT = """
SELECT relname FROM pg_class
WHERE relkind = 'i' AND relnamespace = current_schema()::regnamespace
"""

DEAD = """
SELECT relname, n_live_tup, n_dead_tup FROM pg_stat_user_tables
WHERE n_dead_tup > %s AND n_dead_tup > %s * n_live_tup
"""

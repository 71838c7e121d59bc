"""What the database must have before codeindex can use it, and whom to ask for what is missing.

The role of codeindex need not be a superuser, and someone else may have installed pgvector."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from django.core.checks import CheckMessage, Error
from django.db import DatabaseError, connections
from django.db.backends.base.base import BaseDatabaseWrapper

POSTGRES = 15
"""The oldest major version that is tested."""

PGVECTOR = (0, 8)
"""The first version with iterative scans of HNSW indexes."""


class _Facts(NamedTuple):
    """What the server says of itself, of the database, and of codeindex's role in it. `installed`,
    `available` and `schema` are of pgvector, "" where there is none."""

    version: int
    encoding: str
    is_replica: bool
    database: str
    role: str
    may_create_tables: bool
    installed: str
    schema: str
    is_found: bool
    available: str
    may_install: bool


def problems(database: BaseDatabaseWrapper) -> list[str]:
    """What is missing, each with whom to ask for what. Raises `DatabaseError` if the database
    cannot be asked."""
    with database.cursor() as cursor:
        cursor.execute(_FACTS)
        facts = _Facts(*cursor.fetchone())
    return list(_problems(facts))


def check(app_configs: object, **options: Any) -> list[CheckMessage]:
    """The same as a check of Django's, which `migrate` makes first."""
    if "default" not in (options["databases"] or ()):
        return []
    try:
        found = problems(connections["default"])
    except DatabaseError:  # the command says it better
        return []
    return [Error(each, id="codeindex.E101") for each in found]


def _problems(facts: _Facts) -> Iterator[str]:
    if facts.is_replica:
        yield "DATABASE_URL names a read replica. Name the primary server."
    if facts.version // 10_000 < POSTGRES:
        yield (
            f"The database is PostgreSQL {facts.version // 10_000}: codeindex needs {POSTGRES} or"
            " newer."
        )
    if facts.encoding != "UTF8":
        yield (
            f"The database {facts.database} has the encoding {facts.encoding}. Ask its"
            " administrator for one with the encoding UTF8."
        )
    if not facts.may_create_tables:
        yield (
            f"The role {facts.role} may not create tables. Ask the administrator of the database"
            f' for: GRANT USAGE, CREATE ON SCHEMA public TO "{facts.role}";'
        )
    yield from _extension_problems(facts)


def _extension_problems(facts: _Facts) -> Iterator[str]:
    wanted = ".".join(map(str, PGVECTOR))
    ask = f"Ask the administrator of the database {facts.database}"
    if facts.installed and _version(facts.installed) < PGVECTOR:
        yield (
            f"The database has pgvector {facts.installed}: codeindex needs {wanted} or newer."
            f" {ask} to install a newer one and to run: ALTER EXTENSION vector UPDATE;"
        )
    elif facts.installed and not facts.is_found:
        yield (
            f"pgvector is in the schema {facts.schema}, where the role {facts.role} does not find"
            f' it. {ask} for: GRANT USAGE ON SCHEMA {facts.schema} TO "{facts.role}"; ALTER ROLE'
            f' "{facts.role}" IN DATABASE "{facts.database}" SET search_path = public,'
            f" {facts.schema};"
        )
    elif not facts.installed and _version(facts.available) < PGVECTOR:
        has = f"has pgvector {facts.available}" if facts.available else "has no pgvector"
        yield (
            f"The database server {has}: codeindex needs {wanted} or newer. {ask} to install it"
            " on the server and to run: CREATE EXTENSION vector;"
        )
    elif not facts.installed and not facts.may_install:
        yield (
            f"pgvector is not installed in the database, and the role {facts.role} may not install"
            f" it. {ask} to run: CREATE EXTENSION vector;"
        )


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".") if part.isdecimal())


_FACTS = """
SELECT current_setting('server_version_num')::int,
       current_setting('server_encoding'),
       pg_is_in_recovery(),
       current_database(),
       current_user,
       coalesce(has_schema_privilege(current_schema(), 'CREATE'), false),
       coalesce(extension.extversion, ''),
       coalesce(schema.nspname, ''),
       to_regtype('halfvec') IS NOT NULL,
       coalesce(available.version, ''),
       coalesce(role.rolsuper
           OR (available.trusted AND has_database_privilege(current_database(), 'CREATE')), false)
FROM pg_roles AS role
LEFT JOIN pg_extension AS extension ON extension.extname = 'vector'
LEFT JOIN pg_namespace AS schema ON schema.oid = extension.extnamespace
LEFT JOIN (
    SELECT version, trusted FROM pg_available_extension_versions
    JOIN pg_available_extensions ON version = default_version
        AND pg_available_extensions.name = pg_available_extension_versions.name
    WHERE pg_available_extension_versions.name = 'vector'
) AS available ON true
WHERE role.rolname = current_user
"""

"""Which tables a backup holds, with their counts and checksums, and which it can do without."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import psycopg
from django.db.models import Model
from psycopg import sql

from codeindex.models import (
    Blob,
    BlobWords,
    BranchClones,
    Commit,
    Definition,
    DefinitionChange,
    Documented,
    Embedding,
    GramBlock,
    MapPoint,
    NameDoubt,
    NamesUsed,
    NearClone,
    Projection,
    SkippedFiles,
    SourceFile,
    Text,
    TextShape,
    WordCount,
)

VECTORS: tuple[type[Model], ...] = (
    Embedding, MapPoint, NameDoubt, NearClone, Projection, TextShape,
)  # fmt: skip
"""The workers compute them again from the definitions."""

CODE: tuple[type[Model], ...] = (
    *VECTORS, Blob, BlobWords, BranchClones, Commit, Definition, DefinitionChange, Documented,
    GramBlock, NamesUsed, SkippedFiles, SourceFile, Text, WordCount,
)  # fmt: skip
"""The workers read them again from the repositories."""


@dataclass(frozen=True, slots=True)
class TableContent:
    """How many rows a table had, and the sum of their hashes as `tables` computes it."""

    rows: int
    checksum: str


class LeftOut(StrEnum):
    """What a backup does without."""

    NOTHING = "nothing"
    VECTORS = "vectors"
    CODE = "code"

    @property
    def tables(self) -> list[str]:
        chosen = {LeftOut.NOTHING: (), LeftOut.VECTORS: VECTORS, LeftOut.CODE: CODE}[self]
        return sorted(model._meta.db_table for model in chosen)


def tables(
    connection: psycopg.Connection,
    left_out: Iterable[str] = (),
) -> dict[str, TableContent]:
    """The content of each of our tables but those that are left out, as the connection's
    transaction sees it. The checksum is the sum of the rows' hashes, so that their order does not
    matter."""
    connection.execute("SET LOCAL TimeZone = 'UTC'")
    connection.execute("SET LOCAL extra_float_digits = 1")
    contents = {}
    for table in sorted(set(names(connection)) - set(left_out)):
        [(rows, checksum)] = connection.execute(
            sql.SQL(
                "SELECT count(*), coalesce(sum(hashtextextended(one::text, 0)::numeric), 0)"
                " FROM {} AS one"
            ).format(sql.Identifier(table))
        ).fetchall()
        contents[table] = TableContent(rows, str(checksum))
    return contents


def names(connection: psycopg.Connection) -> list[str]:
    """The tables of the schema in which ours are, without those of extensions."""
    return [name for (name,) in connection.execute(NAMES).fetchall()]


NAMES = """
SELECT relname FROM pg_class
WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')
  AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e')
ORDER BY relname
"""

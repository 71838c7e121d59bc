"""How an index of vectors grows: whole halves of floats against signs that are ranked again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from pgvector import HalfVector

from benchmarks.scaling import server
from benchmarks.scaling.server import BUILD_WIDTH, Cursor
from benchmarks.scaling.vectors import NEAREST, Real, blocks

WIDTHS = (40, 80, 160, 320, 640)
"""ef_search. Of signs, as many candidates are compared again by their vectors."""

INSERTED = 5_000
"""Rows that are added under a live index, and removed again."""


@dataclass(frozen=True, slots=True)
class Variant:
    """A kind of index: what it is built on, and the statement that searches it, with `{table}` and
    `{width}`."""

    name: str
    on: str
    statement: str


def variants(dimensions: int) -> list[Variant]:
    bits = f"binary_quantize(vector)::bit({dimensions})"
    query_bits = f"binary_quantize(%b::halfvec)::bit({dimensions})"
    return [
        Variant(
            "halfvec",
            "(vector halfvec_cosine_ops)",
            f"SELECT id FROM {{table}} ORDER BY vector <=> %b LIMIT {NEAREST}",
        ),
        Variant(
            "bits, ranked again",
            f"(({bits}) bit_hamming_ops)",
            "SELECT id FROM (SELECT id, vector FROM {table}"
            f" ORDER BY {bits} <~> {query_bits} LIMIT {{width}}) AS near"
            f" ORDER BY vector <=> %b LIMIT {NEAREST}",
        ),
    ]


def measure(
    cursor: Cursor, real: Real, count: int, names: list[str], seconds: float
) -> Iterator[dict[str, object]]:
    """Rows of figures for a table of `count` vectors: first of each index, then of each width."""
    server.fill(cursor, real, count)
    table, nearest = server.table_of(count), server.exact(real, count)
    for variant in variants(real.dimensions):
        if variant.name not in names:
            continue
        of = {"part": "growth", "count": count, "index": variant.name}
        cursor.execute("DROP INDEX IF EXISTS measured")
        definition = f"{table} USING hnsw {variant.on} WITH (ef_construction = {BUILD_WIDTH})"
        built = server.build(cursor, "measured", definition, seconds)
        if built is None:
            yield {**of, "gave_up_after": seconds}
            continue
        yield {**of, **built, "table_bytes": server.size(cursor, table)}
        for width in WIDTHS:
            statement = variant.statement.format(table=table, width=width)
            ask = server.asking(cursor, statement, [f"SET hnsw.ef_search = {width}"])
            yield {**of, "width": width, **server.search(real, ask, nearest)}
        yield {**of, **_insert(cursor, real, count)}
        cursor.execute("DROP INDEX measured")
        cursor.execute(f"DELETE FROM {table} WHERE id >= {count}")
        cursor.execute(f"VACUUM {table}")


def _insert(cursor: Cursor, real: Real, count: int) -> dict[str, float]:
    """What new rows cost under the index."""
    table, ((_, rows), *_) = server.table_of(count), list(blocks(real, INSERTED, seed=1))
    began = time.perf_counter()
    with cursor.copy(f"COPY {table} FROM STDIN (FORMAT BINARY)") as copy:
        copy.set_types(["int8", "int4", "halfvec"])
        for number, row in enumerate(rows, start=count):
            copy.write_row([number, 0, HalfVector(row)])
    return {"inserted_per_second": INSERTED / (time.perf_counter() - began)}

"""Searches of users who may see a thousandth, a hundredth or a tenth of all vectors; and spaces."""

from __future__ import annotations

import time
from collections.abc import Iterator

from benchmarks.scaling import server
from benchmarks.scaling.server import BUILD_WIDTH, TENANTS, Cursor
from benchmarks.scaling.vectors import NEAREST, Real

KEPT = (1, 10, 100)
"""Of the thousand tenants."""

WIDTH = 80
SCANNED = 200_000
"""hnsw.max_scan_tuples."""

MODES = ("off", "relaxed_order", "strict_order")


def measure(cursor: Cursor, real: Real, count: int, seconds: float) -> Iterator[dict[str, object]]:
    server.fill(cursor, real, count)
    table = server.table_of(count)
    whole = f"{table} USING hnsw (vector halfvec_cosine_ops) WITH (ef_construction = {BUILD_WIDTH})"
    cursor.execute("DROP INDEX IF EXISTS measured")
    cursor.execute("DROP INDEX IF EXISTS tenants")
    for kept in KEPT:
        yield from _of_some(cursor, real, count, kept, seconds)
    if server.build(cursor, "measured", whole, seconds) is None:
        yield {"part": "permissions", "count": count, "gave_up_after": seconds}
        return
    for kept in KEPT:
        nearest = server.exact(real, count, kept)
        statement = _nearest(table, kept)
        for mode in MODES:
            first = [
                f"SET hnsw.ef_search = {WIDTH}",
                f"SET hnsw.iterative_scan = {mode}",
                f"SET hnsw.max_scan_tuples = {SCANNED}",
                "SET enable_seqscan = off",
            ]
            found = server.search(real, server.asking(cursor, statement, first), nearest)
            yield _row(count, kept, f"whole index, {mode}", found)
    cursor.execute("RESET ALL")
    cursor.execute("DROP INDEX measured")


def _of_some(
    cursor: Cursor, real: Real, count: int, kept: int, seconds: float
) -> Iterator[dict[str, object]]:
    """Without a whole index: comparing all that is visible, and an index of that alone."""
    table, nearest = server.table_of(count), server.exact(real, count, kept)
    statement = _nearest(table, kept)
    cursor.execute(f"CREATE INDEX tenants ON {table} (tenant)")
    found = server.search(real, server.asking(cursor, statement, ["RESET ALL"]), nearest)
    yield _row(count, kept, "exact", found)
    cursor.execute("DROP INDEX tenants")
    own = (
        f"{table} USING hnsw (vector halfvec_cosine_ops) WITH (ef_construction = {BUILD_WIDTH})"
        f" WHERE tenant < {kept}"
    )
    built = server.build(cursor, "own", own, seconds)
    if built is not None:
        first = [f"SET hnsw.ef_search = {WIDTH}", "SET enable_seqscan = off"]
        found = server.search(real, server.asking(cursor, statement, first), nearest)
        yield _row(count, kept, "partial index", found | built)
        cursor.execute("DROP INDEX own")


def _nearest(table: str, kept: int) -> str:
    return f"SELECT id FROM {table} WHERE tenant < {kept} ORDER BY vector <=> %b LIMIT {NEAREST}"


def _row(count: int, kept: int, how: str, found: dict[str, float]) -> dict[str, object]:
    return {"part": "permissions", "count": count, "share": kept / TENANTS, "how": how, **found}


def spaces(cursor: Cursor, real: Real, count: int, seconds: float) -> Iterator[dict[str, object]]:
    """Two spaces as partial indexes of one table, as the product has them, against a partition for
    each: how fast one is searched, and what its removal takes."""
    server.fill(cursor, real, count)
    nearest = server.exact(real, count)
    columns = f"(space integer, id bigint, vector halfvec({real.dimensions}))"
    for how, partitioned in (("one table", ""), ("partitions", "PARTITION BY LIST (space)")):
        _fill_spaces(cursor, columns, partitioned, server.table_of(count))
        place, only = ("spaced_1", "") if partitioned else ("spaced", " WHERE space = 1")
        using = f"{place} USING hnsw (vector halfvec_cosine_ops)"
        built = server.build(
            cursor, "own", f"{using} WITH (ef_construction = {BUILD_WIDTH}){only}", seconds
        )
        if built is None:
            yield {"part": "spaces", "count": count, "how": how, "gave_up_after": seconds}
            continue
        statement = f"SELECT id FROM spaced WHERE space = 1 ORDER BY vector <=> %b LIMIT {NEAREST}"
        ask = server.asking(cursor, statement, [f"SET hnsw.ef_search = {WIDTH}"])
        found = server.search(real, ask, nearest)
        yield {
            "part": "spaces", "count": count, "how": how, **found, **built,
            "removal_seconds": _remove_space(cursor, partitioned),
        }  # fmt: skip
    cursor.execute("DROP TABLE IF EXISTS spaced")


def _fill_spaces(cursor: Cursor, columns: str, partitioned: str, source: str) -> None:
    """Two spaces with the vectors of `source` each."""
    cursor.execute("DROP TABLE IF EXISTS spaced")
    unlogged = "" if partitioned else "UNLOGGED"
    cursor.execute(f"CREATE {unlogged} TABLE spaced {columns} {partitioned}")
    for space in (1, 2):
        if partitioned:
            own = f"PARTITION OF spaced FOR VALUES IN ({space})"
            cursor.execute(f"CREATE UNLOGGED TABLE spaced_{space} {own}")
        cursor.execute(f"INSERT INTO spaced SELECT {space}, id, vector FROM {source}")


def _remove_space(cursor: Cursor, partitioned: str) -> float:
    """The seconds that it took."""
    began = time.perf_counter()
    if partitioned:
        cursor.execute("DROP TABLE spaced_2")
    else:
        cursor.execute("DELETE FROM spaced WHERE space = 2")
        cursor.execute("VACUUM spaced")
    return time.perf_counter() - began

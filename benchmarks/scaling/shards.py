"""One search in two servers, each with half of the vectors: both are asked at once, and the nearest
of both are merged here, as an application would do it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from heapq import nsmallest
from itertools import chain
from operator import itemgetter
from pathlib import Path

from pgvector import HalfVector

from benchmarks.scaling import server
from benchmarks.scaling.server import BUILD_WIDTH, Cursor
from benchmarks.scaling.vectors import NEAREST, Real

SERVERS = 2
WIDTHS = (40, 80, 160)


def measure(folder: Path, real: Real, count: int, seconds: float) -> Iterator[dict[str, object]]:
    nearest = server.exact(real, count)
    for servers in (1, SERVERS):
        of = {"part": "servers", "count": count, "servers": servers}
        with ExitStack() as stack:
            cursors = [
                stack.enter_context(server.running(folder / f"{servers}-{number}"))
                for number in range(servers)
            ]
            built = [
                _build(cursor, real, count, number, servers, seconds)
                for number, cursor in enumerate(cursors)
            ]
            if None in built:
                yield {**of, "gave_up_after": seconds}
                continue
            yield {**of, "build_seconds": [each["build_seconds"] for each in built if each]}
            threads = stack.enter_context(ThreadPoolExecutor(servers))
            for width in WIDTHS:
                for cursor in cursors:
                    cursor.execute(f"SET hnsw.ef_search = {width}")

                def ask(query: HalfVector) -> list[int]:
                    found = threads.map(partial(_ask, count=count, query=query), cursors)  # noqa: B023
                    merged = nsmallest(NEAREST, chain.from_iterable(found), itemgetter(1))
                    return [number for number, _ in merged]

                yield {**of, "width": width, **server.search(real, ask, nearest)}


def _build(
    cursor: Cursor, real: Real, count: int, number: int, servers: int, seconds: float
) -> dict[str, float] | None:
    server.fill(cursor, real, count, number, servers)
    cursor.execute("DROP INDEX IF EXISTS measured")
    using = f"{server.table_of(count)} USING hnsw (vector halfvec_cosine_ops)"
    return server.build(
        cursor, "measured", f"{using} WITH (ef_construction = {BUILD_WIDTH})", seconds
    )


def _ask(cursor: Cursor, count: int, query: HalfVector) -> list[tuple[int, float]]:
    statement = (
        f"SELECT id, vector <=> %b FROM {server.table_of(count)}"
        f" ORDER BY vector <=> %b LIMIT {NEAREST}"
    )
    cursor.execute(statement, [query, query], prepare=True, binary=True)
    return [(int(str(number)), float(str(distance))) for number, distance in cursor.fetchall()]

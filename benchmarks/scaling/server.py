"""A PostgreSQL of one's own for a measurement, tables of vectors in it, and what both take."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import numpy as np
import psutil
import psycopg
from pgvector import HalfVector
from pgvector.psycopg import register_vector
from tqdm import tqdm

from benchmarks.scaling.vectors import Nearest, Real, blocks
from codeindex.local_services import state_folder
from codeindex.local_services.servers import private
from codeindex.local_services.servers.postgres import DATABASE, Durability
from codeindex.local_services.state import State

TENANTS = 1_000
"""Row n belongs to tenant n modulo this, so that the first k tenants hold k thousandths."""

BUILD_WIDTH = 200
"""ef_construction, as in the product."""

MEMORY = "6GB"
"""Of a build, at most; a graph that does not fit is built many times more slowly."""

Cursor = psycopg.Cursor[tuple[object, ...]]
Ask = Callable[[HalfVector], list[int]]
"""A query's vector → the ids of the nearest rows."""


@contextmanager
def running(folder: Path) -> Iterator[Cursor]:
    """A cursor on a server whose data lie in the folder; they may be lost in a crash."""
    state = State(folder)
    with state_folder.locked(state), private.started(state, Durability.DISPOSABLE):
        place = {"host": str(state.sockets), "user": DATABASE, "dbname": DATABASE}
        with psycopg.connect(**place, autocommit=True) as connection:
            connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
            register_vector(connection)
            connection.execute("SET jit = off")
            with connection.cursor() as cursor:
                yield cursor


def table_of(count: int) -> str:
    return f"vectors_{count}"


def fill(cursor: Cursor, real: Real, count: int, first: int = 0, step: int = 1) -> None:
    """Unless it is there, a table of `count` vectors; with `step`, every step-th one from `first`
    on."""
    table = table_of(count)
    cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [table])
    if cursor.fetchall() == [(True,)]:
        return
    cursor.execute(
        "CREATE UNLOGGED TABLE making"
        f" (id bigint, tenant integer, vector halfvec({real.dimensions}))"
    )
    with cursor.copy("COPY making FROM STDIN (FORMAT BINARY)") as copy:
        copy.set_types(["int8", "int4", "halfvec"])
        for start, rows in tqdm(blocks(real, count), "vectors", disable=None):
            for number, row in enumerate(rows, start=start):
                if number % step == first:
                    copy.write_row([number, number % TENANTS, HalfVector(row)])
    cursor.execute("ALTER TABLE making ALTER vector SET STORAGE PLAIN")
    cursor.execute(f"ALTER TABLE making RENAME TO {table}")
    cursor.execute(f"VACUUM ANALYZE {table}")


def exact(real: Real, count: int, tenants: int = TENANTS) -> Nearest:
    """The nearest among the first so many vectors, of the first tenants alone."""
    nearest = Nearest(real.queries)
    for start, rows in tqdm(blocks(real, count), "exact", disable=None):
        owner = np.arange(start, start + len(rows)) % TENANTS
        nearest.see(start, rows, owner < tenants if tenants < TENANTS else None)
    return nearest


def size(cursor: Cursor, relation: str) -> int:
    """Bytes."""
    cursor.execute("SELECT pg_relation_size(to_regclass(%s))", [relation])
    return int(str(cursor.fetchall()[0][0]))


def build(cursor: Cursor, name: str, definition: str, seconds: float) -> dict[str, float] | None:
    """Build an index: its seconds, its bytes and the most memory that the server took meanwhile.
    None if it takes longer than `seconds`."""
    cursor.execute(f"SET maintenance_work_mem = '{MEMORY}'")
    cursor.execute(f"SET statement_timeout = {int(1_000 * seconds)}")
    began = time.perf_counter()
    try:
        with _most_memory(cursor) as most:
            cursor.execute(f"CREATE INDEX {name} ON {definition}")
    except psycopg.errors.QueryCanceled:
        return None
    finally:
        cursor.execute("SET statement_timeout = 0")
    taken = time.perf_counter() - began
    return {"build_seconds": taken, "bytes": size(cursor, name), "memory": most[0]}


@contextmanager
def _most_memory(cursor: Cursor) -> Iterator[list[float]]:
    """Bytes of the processes that build: what each has for itself, and
    the graph that they share, which lies in dynamic shared memory."""
    server = psutil.Process(cursor.connection.info.backend_pid).parent()
    assert server is not None
    most, done = [0.0], Event()

    def watch() -> None:
        while not done.wait(0.5):
            own, graph = 0.0, 0.0
            for process in server.children():
                try:
                    memory, maps = process.memory_info(), process.memory_maps()
                except psutil.Error:
                    continue
                own += memory.rss - memory.shared
                graph = max(graph, sum(part.rss for part in maps if _is_dynamic(part.path)))
            most[0] = max(most[0], own + graph)

    thread = Thread(target=watch)
    thread.start()
    try:
        yield most
    finally:
        done.set()
        thread.join()


def _is_dynamic(path: str) -> bool:
    return "/shm/PostgreSQL" in path or "pg_dynshmem" in path


def search(real: Real, ask: Ask, nearest: Nearest) -> dict[str, float]:
    """Recall and latency in milliseconds over all queries, each asked twice; the second counts."""
    results, taken = [], []
    for query in map(HalfVector, real.queries):
        ask(query)
        began = time.perf_counter()
        results.append(ask(query))
        taken.append(1_000 * (time.perf_counter() - began))
    return {
        "recall": nearest.recall(results),
        "rows": float(np.mean([len(found) for found in results])),
        "p50": float(np.percentile(taken, 50)),
        "p95": float(np.percentile(taken, 95)),
    }


def asking(cursor: Cursor, statement: str, set_first: Sequence[str]) -> Ask:
    """Runs a prepared statement whose placeholders are all the query's vector."""
    for setting in set_first:
        cursor.execute(setting)
    count = statement.count("%b")

    def ask(query: HalfVector) -> list[int]:
        cursor.execute(statement, [query] * count, prepare=True, binary=True)
        return [int(str(row[0])) for row in cursor.fetchall()]

    return ask

"""The measurements of `python -m benchmarks.refining`, which sets up Django."""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Sequence

import numpy as np
from django.db import connection
from more_itertools import sliced
from pgvector import HalfVector
from pgvector.psycopg.halfvec import register_halfvec_info
from psycopg.types import TypeInfo

from benchmarks.nearest_neighbours import SpaceVectors, pgvector_index, recall
from codeindex.ingestion.bulk import binary_cursor
from codeindex.local_services import ensure_services
from codeindex.models import Space, SpaceState
from codeindex.spaces import lifecycle
from embeddings.types import Matrix

MOVED = 1.0
"""The length of what is added to a vector of length 1 to replace it. The mean cosine of drafts to
the vectors that replace them is about 0.7."""

BATCH = 1_000


def measure(options: Namespace) -> None:
    """Prints a line for each state of the index."""
    with ensure_services():
        space = Space.objects.get(state=SpaceState.ACTIVE)
        lifecycle.build_index(space)
        random = np.random.default_rng(0)
        vectors = SpaceVectors.read(space)
        _report("as built", space, options.queries)
        replaced = 0
        while replaced < options.replacements:
            seconds = _replace(space, vectors, random)
            replaced += len(vectors.texts)
            rate = f"{len(vectors.texts) / seconds:,.0f} a second"
            _report(f"{replaced:,} replaced, {rate}", space, options.queries)
        for state, statement in {
            "vacuumed": "VACUUM codeindex_embedding",
            "built anew": f"REINDEX INDEX CONCURRENTLY {lifecycle.index_name(space)}",
        }.items():
            began = time.perf_counter()
            with connection.cursor() as cursor:
                cursor.execute(statement)
            _report(f"{state}, {time.perf_counter() - began:.0f} s", space, options.queries)


def _replace(space: Space, vectors: SpaceVectors, random: np.random.Generator) -> float:
    """Replaces all vectors, in a random order; returns the seconds of the updates."""
    rows = _moved(vectors.rows, random)
    seconds = 0.0
    for batch in sliced(random.permutation(len(rows)), BATCH):
        values = [HalfVector(row) for row in rows[batch]]
        began = time.perf_counter()
        _update(space, vectors.texts[batch].tolist(), values)
        seconds += time.perf_counter() - began
    return seconds


def _moved(rows: Matrix, random: np.random.Generator) -> Matrix:
    """(n, d) vectors with noise of the length `MOVED`, rows of unit length."""
    noise = random.standard_normal(rows.shape, np.float32)
    moved = rows + MOVED * noise / np.linalg.norm(noise, axis=1, keepdims=True)
    return moved / np.linalg.norm(moved, axis=1, keepdims=True)


def _update(space: Space, texts: list[int], values: Sequence[HalfVector]) -> None:
    with binary_cursor() as cursor:
        info = TypeInfo.fetch(cursor.connection, "halfvec")
        register_halfvec_info(cursor, info)  # type: ignore[arg-type]
        given = {"space": space.pk, "texts": texts, "vectors": list(values)}
        cursor.execute(UPDATE, given)


def _report(state: str, space: Space, queries: int) -> None:
    """Queries are vectors of the space with as much noise as between a draft and what replaces
    it."""
    vectors = SpaceVectors.read(space)
    random = np.random.default_rng(1)
    chosen = random.choice(len(vectors.rows), queries)
    asked = _moved(vectors.rows[chosen], random)
    index = pgvector_index(space)
    index.search(asked[0])
    began = time.perf_counter()
    results = [index.search(query) for query in asked]
    milliseconds = 1000 * (time.perf_counter() - began) / queries
    share = recall(results, vectors.exact_nearest(asked))
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_relation_size(%s::regclass)", [lifecycle.index_name(space)])
        (size,) = cursor.fetchone()
    print(
        f"{state:36} {size / 1e6:8.1f} MB, recall {share:.3f}, {milliseconds:.1f} ms a query",
        flush=True,
    )


UPDATE = """
UPDATE codeindex_embedding AS embedding SET vector = new.vector
FROM unnest(%(texts)s::bigint[], %(vectors)b::halfvec[]) AS new (text, vector)
WHERE embedding.space_id = %(space)s AND embedding.text_id = new.text
"""

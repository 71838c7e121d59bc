"""Nearest-neighbour searches to compare with the product's: exact in memory, Annoy, hnswlib, and
pgvector's index queried directly."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec

import numpy as np
from django.db import connection, transaction
from pgvector import HalfVector
from pgvector.psycopg.halfvec import register_halfvec_info
from psycopg import Cursor
from psycopg.types import TypeInfo

from codeindex.models import Space
from embeddings.networks.vocabulary import Ids
from embeddings.types import Matrix

NEAREST = 10
TREES = 100
"""Of Annoy, which by default looks at NEAREST × TREES nodes for a query."""

LINKS, BUILD_WIDTH, WIDTH = 16, 64, 40
"""Of hnswlib: pgvector's defaults."""

Search = Callable[[Matrix], Sequence[int]]
"""A vector (d,) → the ids of the nearest texts, at most NEAREST."""


@dataclass(frozen=True, slots=True)
class Index:
    """An index to search, and the seconds that it took to build."""

    name: str
    search: Search
    build_seconds: float


@dataclass(frozen=True, slots=True)
class SpaceVectors:
    """The ids of texts (n,) and their vectors in a space (n, d)."""

    texts: Ids
    rows: Matrix

    @classmethod
    def read(cls, space: Space) -> SpaceVectors:
        """All of a space, read in binary: as text, a million vectors would take half an hour."""
        texts, rows = [], []
        with transaction.atomic(), connection.connection.cursor("vectors", binary=True) as cursor:
            register_halfvec_info(cursor, TypeInfo.fetch(connection.connection, "halfvec"))
            cursor.itersize = 10_000
            cursor.execute(
                "SELECT text_id, vector FROM codeindex_embedding"
                " WHERE space_id = %s AND state = 'ready' ORDER BY text_id",
                [space.pk],
            )
            for text, vector in cursor:
                texts.append(text)
                rows.append(np.asarray(vector.to_numpy(), np.float16))
        return cls(np.array(texts, np.int64), np.stack(rows).astype(np.float32))

    def restricted_to(self, texts: Sequence[int]) -> SpaceVectors:
        """The vectors of some texts."""
        mask = np.isin(self.texts, texts)
        return SpaceVectors(self.texts[mask], self.rows[mask])

    def exact_nearest(self, queries: Matrix) -> list[set[int]]:
        """Queries (m, d) → the texts that are nearest to each, by comparing all vectors."""
        nearest = []
        for query in queries:
            scores = self.rows @ query
            count = min(NEAREST, len(scores))
            best = np.argpartition(-scores, count - 1)[:count] if count else []
            nearest.append(set(self.texts[best].tolist()))
        return nearest


def recall(results: Sequence[Sequence[int]], exact: Sequence[set[int]]) -> float:
    """The share of the exact nearest neighbours that are among the results."""
    hits = sum(len(best.intersection(own)) for own, best in zip(results, exact, strict=True))
    return hits / sum(map(len, exact))


def in_memory_indexes(vectors: SpaceVectors) -> list[Index]:
    """Annoy, which the paper's system uses, and hnswlib, if they are installed."""
    builders = {"annoy": _annoy, "hnswlib": _hnswlib}
    return [build(vectors) for name, build in builders.items() if find_spec(name)]


def pgvector_index(space: Space) -> Index:
    """The index of a space, queried for the nearest texts alone by one prepared statement. Only for
    one client at a time: it uses one connection."""
    connection.ensure_connection()
    cursor = Cursor(connection.connection)  # Django's own sends statements as text, unprepared
    register_halfvec_info(cursor, TypeInfo.fetch(connection.connection, "halfvec"))
    statement = (
        "SELECT text_id FROM codeindex_embedding"
        f" WHERE space_id = {space.pk} AND state = 'ready'"
        f" ORDER BY vector::halfvec({space.dimensions}) <=> %b LIMIT {NEAREST}"
    )

    def search(query: Matrix) -> list[int]:
        cursor.execute(statement, [HalfVector(query)], prepare=True, binary=True)
        return [text for (text,) in cursor.fetchall()]

    return Index("pgvector alone", search, 0.0)


def _annoy(vectors: SpaceVectors) -> Index:
    index = import_module("annoy").AnnoyIndex(vectors.rows.shape[1], "angular")
    began = time.perf_counter()
    index.set_seed(0)
    for row, vector in enumerate(vectors.rows):
        index.add_item(row, vector)
    index.build(TREES)
    built = time.perf_counter() - began
    return Index(
        f"Annoy, {TREES} trees",
        lambda query: vectors.texts[index.get_nns_by_vector(query, NEAREST)].tolist(),
        built,
    )


def _hnswlib(vectors: SpaceVectors) -> Index:
    index = import_module("hnswlib").Index("cosine", vectors.rows.shape[1])
    began = time.perf_counter()
    index.init_index(len(vectors.rows), ef_construction=BUILD_WIDTH, M=LINKS, random_seed=0)
    index.add_items(vectors.rows)
    built = time.perf_counter() - began
    index.set_ef(WIDTH)
    return Index(
        f"hnswlib, ef {WIDTH}",
        lambda query: vectors.texts[index.knn_query(query, NEAREST, num_threads=1)[0][0]].tolist(),
        built,
    )

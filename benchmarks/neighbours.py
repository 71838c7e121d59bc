"""Nearest vectors by other means than the product's: all compared in memory, Annoy, hnswlib, and
pgvector's index asked directly."""

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
"""Of Annoy; it looks at NEAREST × TREES nodes a query, by its default."""

LINKS, BUILD_WIDTH, WIDTH = 16, 64, 40
"""Of hnswlib, as pgvector has them by default."""

Search = Callable[[Matrix], Sequence[int]]
"""A vector of shape (d,) → the rows, or the texts, that are nearest, at most NEAREST."""


@dataclass(frozen=True, slots=True)
class Means:
    """How to search, and how many seconds it took to build what it searches in."""

    name: str
    search: Search
    built: float


@dataclass(frozen=True, slots=True)
class Vectors:
    """All of a space: texts (n,) and their vectors (n, d)."""

    texts: Ids
    rows: Matrix

    @classmethod
    def of(cls, space: Space) -> Vectors:
        """Read in binary: as text, a million vectors would take half an hour."""
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

    def kept(self, texts: Sequence[int]) -> Vectors:
        """Those of some texts."""
        mask = np.isin(self.texts, texts)
        return Vectors(self.texts[mask], self.rows[mask])

    def nearest(self, queries: Matrix) -> list[set[int]]:
        """The texts nearest to each of (m, d) queries: all are compared."""
        found = []
        for query in queries:
            scores = self.rows @ query
            count = min(NEAREST, len(scores))
            best = np.argpartition(-scores, count - 1)[:count] if count else []
            found.append(set(self.texts[best].tolist()))
        return found


def recall(found: Sequence[Sequence[int]], exact: Sequence[set[int]]) -> float:
    """The share of the nearest that were found."""
    hits = sum(len(best.intersection(some)) for some, best in zip(found, exact, strict=True))
    return hits / sum(map(len, exact))


def in_memory(vectors: Vectors) -> list[Means]:
    """Annoy, which the paper's system has, and hnswlib, those that are installed."""
    made = {"annoy": _annoy, "hnswlib": _hnswlib}
    return [build(vectors) for name, build in made.items() if find_spec(name)]


def of_pgvector(space: Space) -> Means:
    """The index of a space, asked for the nearest texts and nothing else, in one statement that is
    prepared. As many connections are not at hand: one client at a time."""
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

    return Means("pgvector alone", search, 0.0)


def _annoy(vectors: Vectors) -> Means:
    index = import_module("annoy").AnnoyIndex(vectors.rows.shape[1], "angular")
    began = time.perf_counter()
    index.set_seed(0)
    for row, vector in enumerate(vectors.rows):
        index.add_item(row, vector)
    index.build(TREES)
    built = time.perf_counter() - began
    return Means(
        f"Annoy, {TREES} trees",
        lambda query: vectors.texts[index.get_nns_by_vector(query, NEAREST)].tolist(),
        built,
    )


def _hnswlib(vectors: Vectors) -> Means:
    index = import_module("hnswlib").Index("cosine", vectors.rows.shape[1])
    began = time.perf_counter()
    index.init_index(len(vectors.rows), ef_construction=BUILD_WIDTH, M=LINKS, random_seed=0)
    index.add_items(vectors.rows)
    built = time.perf_counter() - began
    index.set_ef(WIDTH)
    return Means(
        f"hnswlib, ef {WIDTH}",
        lambda query: vectors.texts[index.knn_query(query, NEAREST, num_threads=1)[0][0]].tolist(),
        built,
    )

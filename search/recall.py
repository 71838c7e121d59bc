"""The recall of the vector index, measured with a few queries that are made of names in the index,
so that nobody's queries are needed. docs/monitoring.md says what to do if it is low."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.conf import settings

from codeindex.models import Definition, Embedding, EmbeddingState, Space, SpaceState
from embeddings.code.words import analyse
from search.candidates import sql, vectors
from search.candidates.vectors import QueryVector, Vector

QUERIES = 3
NEAREST = 10
SECONDS = 60.0
"""The time limit of all queries together."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The index has `found` so many of the `sought` nearest vectors. Seconds are of all queries."""

    queries: int
    sought: int
    found: int
    index_seconds: float
    exact_seconds: float


def sample(encode: Callable[[Space, str], Vector], queries: int = QUERIES) -> Sample | None:
    """Compares what the index of the active space finds with the results of comparing all vectors.
    `encode` makes the vector (dimensions,) of a query. None where every search compares all vectors
    anyway, or the chosen definitions have no names. Raises `SearchTimeout`."""
    space = Space.objects.filter(state=SpaceState.ACTIVE).first()
    if space is None:
        return None
    ready = Embedding.objects.filter(space=space, state=EmbeddingState.READY).count()
    if ready <= settings.CODEINDEX_EXACT_TEXTS:
        return None
    sought = found = 0
    index_seconds = exact_seconds = 0.0
    asked = _names(queries)
    if not asked:
        return None
    with sql.time_limit(SECONDS):
        for name in asked:
            query = QueryVector(space, encode(space, name))
            began = time.monotonic()
            by_index = set(vectors.nearest_of_all(query, NEAREST, ready, by_index=True))
            compared = time.monotonic()
            nearest = vectors.nearest_of_all(query, NEAREST, ready, by_index=False)
            index_seconds += compared - began
            exact_seconds += time.monotonic() - compared
            sought += len(nearest)
            found += len(by_index.intersection(nearest))
    return Sample(len(asked), sought, found, index_seconds, exact_seconds)


def _names(count: int) -> Sequence[str]:
    """The words of `count` names of definitions, taken at random."""
    newest = Definition.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    picked = (random.randint(0, newest) for _ in range(count))  # noqa: S311  nothing is secret
    chosen = (
        Definition.objects.filter(pk__gte=pk).order_by("pk").values_list("name", flat=True).first()
        for pk in picked
    )
    return [" ".join(analyse(name)) or name for name in chosen if name]

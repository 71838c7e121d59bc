"""Concurrent searches share one run of the encoder: eight parallel runs compete for the processors,
and cost several times as much as one run on eight short texts."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from embeddings import CodeEncoder

LARGEST_BATCH = 32
"""Queries in one run."""

LONGEST_BATCHED = 200
"""Characters. A longer query, usually of code, is encoded alone, since a run pads all of its texts
to the longest one."""


@dataclass(frozen=True, slots=True, eq=False)
class _PendingQuery:
    """A query that waits for its vector (dimensions,) by this encoder."""

    text: str
    encoder: CodeEncoder
    vector: Future[NDArray[np.float32]] = field(default_factory=Future)

    def fits_with(self, other: _PendingQuery) -> bool:
        longest = max(len(self.text), len(other.text))
        return self.encoder is other.encoder and longest <= LONGEST_BATCHED


class QueryBatcher:
    """Encodes one batch at a time, in a thread of its own, so that a search can look for words
    meanwhile. A query that finds the encoder idle is encoded at once; the queries that arrive
    during a run form the next batch."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "encoding")
        self._lock = Lock()
        self._waiting: list[_PendingQuery] = []

    def vector(self, text: str, encoder: CodeEncoder) -> Future[NDArray[np.float32]]:
        """One query → (dimensions,), of unit length, or the exception that the encoder raises for
        it."""
        own = _PendingQuery(text, encoder)
        with self._lock:
            self._waiting.append(own)
        self._thread.submit(self._encode_next)
        return own.vector

    def _encode_next(self) -> None:
        """Encode the query that has waited longest, and those that fit into its batch; nothing if
        an earlier run has taken them all."""
        with self._lock:
            batch = self._waiting[:1]
            batch += [query for query in self._waiting[1:] if query.fits_with(batch[0])][
                : LARGEST_BATCH - 1
            ]
            self._waiting = [query for query in self._waiting if query not in batch]
        if batch:
            _encode(batch)


def _encode(batch: Sequence[_PendingQuery]) -> None:
    """Give each query, all of one encoder, its vector or its exception. A batch that fails is
    repeated one by one, so that no query fails because of another."""
    try:
        rows = batch[0].encoder.encode_queries([query.text for query in batch])
        answered = list(zip(batch, rows, strict=True))
    except Exception as failure:
        if len(batch) == 1:
            batch[0].vector.set_exception(failure)
            return
        for query in batch:
            _encode([query])
    else:
        for query, row in answered:
            query.vector.set_result(row)

"""Searches that arrive together share one run of the encoder: eight runs beside each other take
each other's processors, and cost several times what one run on eight short texts costs."""

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

MOST = 32
"""Queries of one run."""

LONG = 200
"""Characters. A longer query, mostly of code, is encoded alone, since a run pads all of its texts
to the longest."""


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A query that waits for its vector (dimensions,), to be made by this encoder and no other."""

    text: str
    encoder: CodeEncoder
    vector: Future[NDArray[np.float32]] = field(default_factory=Future)

    def goes_with(self, other: Asked) -> bool:
        longest = max(len(self.text), len(other.text))
        return self.encoder is other.encoder and longest <= LONG


class SharedRuns:
    """One run at a time, in a thread of its own, so that a search can look for words meanwhile. A
    query is encoded at once if nothing is; what comes during a run is encoded by the next one."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "encoding")
        self._lock = Lock()
        self._waiting: list[Asked] = []

    def vector(self, text: str, encoder: CodeEncoder) -> Future[NDArray[np.float32]]:
        """One query → (dimensions,), of unit length, when it is there, or what the encoder raises
        for it."""
        own = Asked(text, encoder)
        with self._lock:
            self._waiting.append(own)
        self._thread.submit(self._run)
        return own.vector

    def _run(self) -> None:
        """The query that has waited longest, and those that go with it; none, if an earlier run has
        taken them all."""
        with self._lock:
            batch = self._waiting[:1]
            batch += [one for one in self._waiting[1:] if one.goes_with(batch[0])][: MOST - 1]
            self._waiting = [one for one in self._waiting if one not in batch]
        if batch:
            answer(batch)


def answer(batch: Sequence[Asked]) -> None:
    """Gives each of one encoder's queries its vector or its exception. A batch that fails is
    repeated one by one, so that no query fails for another's sake."""
    try:
        rows = batch[0].encoder.encode_queries([one.text for one in batch])
        answered = list(zip(batch, rows, strict=True))
    except Exception as failure:
        if len(batch) == 1:
            batch[0].vector.set_exception(failure)
            return
        for one in batch:
            answer([one])
    else:
        for one, row in answered:
            one.vector.set_result(row)

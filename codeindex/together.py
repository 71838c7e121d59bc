"""Searches that arrive together share one run of the encoder: eight runs beside each other take
each other's processors, and cost several times what one run on eight short texts costs."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Condition
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
    """One run at a time, led by a thread that asks. Who finds nobody encoding encodes at once; who
    comes during a run waits for its end, then the first leads the next one for all of them. Each
    thread takes its own query off the list: if a leader is interrupted, the others' are led by
    the next."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._asked: list[Asked] = []
        self._leader: Asked | None = None

    def vector(self, text: str, encoder: CodeEncoder) -> NDArray[np.float32]:
        """One query → (dimensions,), of unit length. Raises what the encoder raises for it."""
        own = Asked(text, encoder)
        try:
            if self._leads(own):
                answer(self._batch(own))
            return own.vector.result()
        finally:
            self._leave(own)

    def _leads(self, own: Asked) -> bool:
        """Whether it comes to lead; if not, it has been answered by then."""
        with self._changed:
            self._asked.append(own)
            self._changed.wait_for(lambda: own.vector.done() or self._leader is None)
            if own.vector.done():
                return False
            self._leader = own
            return True

    def _batch(self, own: Asked) -> list[Asked]:
        """The leader's own query, and those that wait and go with it."""
        with self._changed:
            waiting = [one for one in self._asked if one is not own and not one.vector.done()]
        return [own, *(one for one in waiting if one.goes_with(own))][:MOST]

    def _leave(self, own: Asked) -> None:
        with self._changed:
            if own in self._asked:
                self._asked.remove(own)
            if self._leader is own:
                self._leader = None
                self._changed.notify_all()


def answer(batch: Sequence[Asked]) -> None:
    """Gives each of one encoder's queries its vector or its exception. A batch that fails is
    repeated one by one, so that no query fails for another's sake."""
    try:
        rows = batch[0].encoder.encode_queries([one.text for one in batch])
    except Exception as failure:
        if len(batch) == 1:
            batch[0].vector.set_exception(failure)
            return
        for one in batch:
            answer([one])
    else:
        for one, row in zip(batch, rows, strict=True):
            one.vector.set_result(row)

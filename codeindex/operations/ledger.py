"""The ledger: what each index run cost, and what it reused because contents are stored once.

For administrators alone: what was reused tells what other repositories hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from codeindex import exports
from codeindex.exports import Format
from codeindex.models import RunCost, RunStatus, Space, SpaceState

HALF = 2
"""Bytes of a number in a vector."""

VECTORS = 2
"""Of a text: the fused one, and the code's summand."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One run. `stored_bytes` counts values and vectors, without rows' headers and indexes;
    `…_reused` counts what was already stored of the files that changed."""

    run: int
    repository: str
    branch: str
    commit: str
    started: datetime | None
    state: str
    checkout_seconds: float
    definitions_seconds: float
    embedding_seconds: float
    files_read: int
    files_moved: int
    files_shared: int
    definitions_read: int
    texts_encoded: int
    stored_bytes: int
    definitions_reused: int
    texts_reused: int

    @property
    def seconds(self) -> float:
        return self.checkout_seconds + self.definitions_seconds + self.embedding_seconds


COLUMNS = tuple(field.name for field in fields(Entry))


@dataclass(frozen=True, slots=True)
class Totals:
    """Of some runs. `seconds_saved`: the time that reading and encoding what was reused would have
    taken, at the rates of what was read and encoded."""

    runs: int
    seconds: float
    definitions_read: int
    texts_encoded: int
    stored_bytes: int
    definitions_reused: int
    texts_reused: int
    seconds_saved: float


def entries(days: int | None = None, limit: int | None = None) -> Iterator[Entry]:
    """The runs of the last `days`, the newest first, at most `limit`."""
    width = _vector_bytes()
    rows = _rows(days).select_related("run__branch__repository__owner").order_by("-pk")
    for cost in rows[:limit].iterator():
        yield _entry(cost, width)


def totals(entries: Iterable[Entry]) -> Totals:
    every = list(entries)

    def total(name: str) -> float:
        return float(sum(getattr(entry, name) for entry in every))

    reading = total("definitions_seconds") / max(1, total("definitions_read"))
    encoding = total("embedding_seconds") / max(1, total("texts_encoded"))
    return Totals(
        runs=len(every),
        seconds=total("seconds"),
        definitions_read=int(total("definitions_read")),
        texts_encoded=int(total("texts_encoded")),
        stored_bytes=int(total("stored_bytes")),
        definitions_reused=int(total("definitions_reused")),
        texts_reused=int(total("texts_reused")),
        seconds_saved=reading * total("definitions_reused") + encoding * total("texts_reused"),
    )


def as_csv(entries: Iterable[Entry]) -> Iterator[str]:
    return exports.lines(map(asdict, entries), COLUMNS, Format.CSV)


def _rows(days: int | None) -> QuerySet[RunCost]:
    if days is None:
        return RunCost.objects.all()
    return RunCost.objects.filter(run__created__gte=timezone.now() - timedelta(days=days))


def _entry(cost: RunCost, width: int) -> Entry:
    run, seconds = cost.run, cost.run.timings
    return Entry(
        run=run.pk,
        repository=run.branch.repository.full_name,
        branch=run.branch.name,
        commit=run.commit,
        started=run.started,
        state=run.status,
        checkout_seconds=seconds.get(RunStatus.CHECKOUT, 0.0),
        definitions_seconds=seconds.get(RunStatus.DEFINITIONS, 0.0),
        embedding_seconds=seconds.get(RunStatus.EMBEDDING, 0.0),
        files_read=cost.files_new,
        files_moved=cost.files_moved,
        files_shared=cost.files_shared,
        definitions_read=cost.definitions_new,
        texts_encoded=cost.vectors,
        stored_bytes=cost.stored_bytes + width * cost.vectors,
        definitions_reused=max(0, cost.definitions_changed - cost.definitions_new),
        texts_reused=max(0, cost.definitions_changed - cost.vectors),
    )


def _vector_bytes() -> int:
    """Bytes of a text's vectors in the active space."""
    dimensions = (
        Space.objects.filter(state=SpaceState.ACTIVE).values_list("dimensions", flat=True).first()
    )
    return VECTORS * HALF * (dimensions or 0)

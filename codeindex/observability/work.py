"""What workers have done, kept in the database: any web server can report it for all machines, and
does not have to reach the workers.

Rows are written a few times a minute. If that fails, it is logged and the figure is left out, since
no work may fail because of its figures."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from enum import StrEnum

from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from codeindex.models import GpuState, WorkDone
from codeindex.observability import gpus

WRITE_SECONDS = 5.0
"""How often a long stage writes its figures."""

KEPT = timedelta(days=7)
"""How long the rows of a silent machine are kept."""

logger = logging.getLogger(__name__)


class Stage(StrEnum):
    """What is counted: definitions for READ, texts for the others."""

    READ = "read"
    DRAFT = "draft"
    ENCODE = "encode"
    REFINE = "refine"
    SWEEP = "sweep"
    """Followed by the queue: `sweep light`."""


class Tally:
    """Counts what a worker does in a stage, and adds it to the database every `WRITE_SECONDS`."""

    def __init__(self, stage: str) -> None:
        self._stage = stage
        self._batches, self._things, self._seconds = 0, 0, 0.0
        self._began = self._noted = time.monotonic()

    def note(self, things: int, seconds: float | None = None) -> None:
        """Counts a batch. Without `seconds`, it took the time since the last one."""
        now = time.monotonic()
        self._seconds += now - self._noted if seconds is None else seconds
        self._batches, self._things, self._noted = self._batches + 1, self._things + things, now
        if now - self._began >= WRITE_SECONDS:
            self.write()

    def write(self) -> None:
        if self._batches:
            add(self._stage, things=self._things, batches=self._batches, seconds=self._seconds)
        self._batches, self._things, self._seconds = 0, 0, 0.0
        self._began = time.monotonic()


@contextmanager
def tally(stage: str) -> Iterator[Tally]:
    """A tally whose rest is written at the end of the block, even if that fails."""
    own = Tally(stage)
    try:
        yield own
    finally:
        own.write()


def add(stage: str, *, things: int = 0, batches: int = 1, seconds: float = 0.0) -> None:
    """Adds to what this machine has done."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_ADD, [host(), stage, batches, things, seconds])
    except DatabaseError:
        logger.warning("The work done could not be recorded.", exc_info=True)


def note_gpus() -> None:
    """Records the state of this machine's GPUs, if it has any."""
    states = [
        GpuState(
            host=host(),
            number=each.number,
            name=each.name[:100],
            memory_used=each.memory_used,
            memory=each.memory,
            busy=each.busy,
            updated=timezone.now(),
        )
        for each in gpus.read()
    ]
    fields = ["name", "memory_used", "memory", "busy", "updated"]
    try:
        GpuState.objects.bulk_create(
            states, update_conflicts=True, unique_fields=["host", "number"], update_fields=fields
        )
    except DatabaseError:
        logger.warning("The state of the GPUs could not be recorded.", exc_info=True)


def forget() -> None:
    """Deletes the rows of machines that have long been silent, such as replaced containers."""
    for model in (WorkDone, GpuState):
        model.objects.filter(updated__lt=timezone.now() - KEPT).delete()


def host() -> str:
    return socket.gethostname()[:255]


_ADD = """
INSERT INTO codeindex_workdone AS done (host, stage, batches, things, seconds)
VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (host, stage) DO UPDATE SET
    batches = done.batches + excluded.batches, things = done.things + excluded.things,
    seconds = done.seconds + excluded.seconds, updated = now()
"""

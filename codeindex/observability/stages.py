"""How long the stages of an operation, such as a search, take.

The operation's code names its stages; web processes register listeners (metrics, traces, the log of
slow searches) by `listen`. Without listeners nothing is measured, and a command that searches
imports none of them."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any


@dataclass(frozen=True, slots=True)
class Interval:
    """When a stage began and ended, in nanoseconds of `time.time_ns`."""

    stage: str
    began: int
    ended: int

    @property
    def seconds(self) -> float:
        return (self.ended - self.began) / 1e9


@dataclass(frozen=True, slots=True)
class Statement:
    """An SQL statement as it was sent, with the settings that applied to it alone."""

    sql: str
    parameters: Any
    settings: Mapping[str, str]
    seconds: float


@dataclass(slots=True)
class Operation:
    """One operation, such as a search. `counts` says how many there were of something, such as
    candidates. `ended` is 0 while it runs."""

    name: str
    began: int
    ended: int = 0
    intervals: list[Interval] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    slowest: Statement | None = None

    @property
    def seconds(self) -> float:
        return (self.ended - self.began) / 1e9

    def seconds_by_stage(self) -> dict[str, float]:
        taken: dict[str, float] = {}
        for each in self.intervals:
            taken[each.stage] = taken.get(each.stage, 0.0) + each.seconds
        return taken


logger = logging.getLogger(__name__)

Listener = Callable[[Operation], object]

_listeners: dict[str, Listener] = {}
_current: ContextVar[Operation | None] = ContextVar("operation", default=None)


def listen(name: str, listener: Listener) -> None:
    """Calls the listener at the end of each operation of this process, in the operation's thread. A
    listener of the same name is replaced."""
    _listeners[name] = listener


@contextmanager
def operation(name: str) -> Iterator[None]:
    """Measures the stages of the block, or of the decorated function. An operation within another
    counts as part of that one."""
    if not _listeners or _current.get() is not None:
        yield
        return
    own = Operation(name, time.time_ns())
    outer = _current.set(own)
    try:
        yield
    finally:
        _current.reset(outer)
        own.ended = time.time_ns()
        for name, listener in list(_listeners.items()):
            try:
                listener(own)
            except Exception:  # observing a search must not make it fail
                logger.warning("The listener %s failed.", name, exc_info=True)


class stage:  # noqa: N801  used like a function
    """Measures the block as a stage of the current operation, if there is one. Nested stages
    overlap."""

    __slots__ = ("_began", "_name", "_operation")

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        self._operation = _current.get()
        if self._operation is not None:
            self._began = time.time_ns()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._operation is not None:
            interval = Interval(self._name, self._began, time.time_ns())
            self._operation.intervals.append(interval)


def count(**numbers: int) -> None:
    """Adds to the counts of the current operation."""
    if (current := _current.get()) is not None:
        for name, number in numbers.items():
            current.counts[name] = current.counts.get(name, 0) + number


def note_statement(sql: str, parameters: Any, settings: Mapping[str, str], seconds: float) -> None:
    """Keeps the slowest SQL statement of the current operation."""
    current = _current.get()
    if current is None or (current.slowest and current.slowest.seconds >= seconds):
        return
    current.slowest = Statement(sql, parameters, settings, seconds)

"""Limits how many threads of a process serve one client at the same time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition


class NoTurn(Exception):
    """Too many threads have a turn or wait for one."""


class Turns:
    """Of the threads with the same key some have a turn and a few wait for one. All others are
    refused at once, so that one client never occupies all threads of a process."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._held: Counter[str] = Counter()
        self._waiting: Counter[str] = Counter()

    @contextmanager
    def hold(self, key: str, *, at_once: int, waiting: int, seconds: float) -> Iterator[None]:
        """Holds one of the `at_once` turns of `key` for the block, after waiting for up to
        `seconds`. Raises `NoTurn` after that time, or if already `waiting` threads wait."""
        self._take(key, at_once, waiting, seconds)
        try:
            yield
        finally:
            with self._changed:
                _count_down(self._held, key)
                self._changed.notify_all()

    def _take(self, key: str, at_once: int, waiting: int, seconds: float) -> None:
        with self._changed:
            if self._held[key] >= at_once:
                self._wait(key, at_once, waiting, seconds)
            self._held[key] += 1

    def _wait(self, key: str, at_once: int, waiting: int, seconds: float) -> None:
        if self._waiting[key] >= waiting:
            raise NoTurn
        self._waiting[key] += 1
        try:
            if not self._changed.wait_for(lambda: self._held[key] < at_once, seconds):
                raise NoTurn
        finally:
            _count_down(self._waiting, key)


def _count_down(counted: Counter[str], key: str) -> None:
    """Deletes a key at 0, so that nothing is kept of clients that have gone."""
    counted[key] -= 1
    if not counted[key]:
        del counted[key]

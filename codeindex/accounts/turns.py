"""Turns: how many threads of a process may do the same for one client at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition


class NoTurn(Exception):
    """Too many have a turn, or wait for one."""


class Turns:
    """Of the threads that ask for one key some have a turn and a few wait for one. All others are
    refused at once, so that one client never holds all threads of a process."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._taken: Counter[str] = Counter()
        self._waiting: Counter[str] = Counter()

    @contextmanager
    def taken(self, key: str, *, at_once: int, waiting: int, seconds: float) -> Iterator[None]:
        """Holds one of the `at_once` turns of `key` during the block, after up to `seconds` as one
        of those who wait. Raises `NoTurn`."""
        self._take(key, at_once, waiting, seconds)
        try:
            yield
        finally:
            with self._changed:
                _count_down(self._taken, key)
                self._changed.notify_all()

    def _take(self, key: str, at_once: int, waiting: int, seconds: float) -> None:
        with self._changed:
            if self._taken[key] >= at_once:
                self._wait(key, at_once, waiting, seconds)
            self._taken[key] += 1

    def _wait(self, key: str, at_once: int, waiting: int, seconds: float) -> None:
        if self._waiting[key] >= waiting:
            raise NoTurn
        self._waiting[key] += 1
        try:
            if not self._changed.wait_for(lambda: self._taken[key] < at_once, seconds):
                raise NoTurn
        finally:
            _count_down(self._waiting, key)


def _count_down(counted: Counter[str], key: str) -> None:
    """Keys of 0 are left out, so that nothing is kept of clients that have gone."""
    counted[key] -= 1
    if not counted[key]:
        del counted[key]

"""The folder in which the processes of one web server keep their metrics, so that each of them can
export those of all (prometheus_client's multiprocess mode).

Each server has a folder of its own, since two containers that share a state folder have the same
process ids. It holds a lock while it runs, so that others can remove the folder of a server that
was killed."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
"""Tells prometheus_client the folder; must be set before that is imported."""

LOCK = "lock"


class SharedValues:
    """A new folder in `parent`, from which abandoned ones are removed. Raises `OSError`."""

    def __init__(self, parent: Path) -> None:
        parent.mkdir(mode=0o700, exist_ok=True)
        # Otherwise a server that starts at the same time could remove a folder not locked yet
        with _locked(parent):
            for folder in parent.iterdir():
                _remove_if_abandoned(folder)
            self.folder = Path(tempfile.mkdtemp(prefix="web-", dir=parent))
            self._lock = (self.folder / LOCK).open("w")
            fcntl.flock(self._lock, fcntl.LOCK_EX)
        os.environ[VARIABLE] = str(self.folder)

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        self._lock.close()


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _remove_if_abandoned(folder: Path) -> None:
    try:
        with (folder / LOCK).open("r") as lock:
            if _is_free(lock):
                shutil.rmtree(folder, ignore_errors=True)
    except FileNotFoundError:
        return  # it is being made, or removed


def _is_free(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

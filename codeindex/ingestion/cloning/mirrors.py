"""The folders of git on this machine: a mirror for each repository, with its lock, and git's own
home."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from codeindex.ingestion.cloning.errors import CheckoutError
from codeindex.leases import Lease
from codeindex.local_services.state import State
from codeindex.models import Repository


def mirror_of(repository: Repository) -> Path:
    return folder() / f"{repository.pk}.git"


def home() -> Path:
    """git's own home: empty, except for the keys of hosts that ssh has connected to."""
    State(settings.CODEINDEX_HOME).make_folder()
    folder = Path(settings.CODEINDEX_HOME) / "git"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def remove_unregistered() -> None:
    """Delete this machine's mirrors of repositories that are no longer registered, and deploy keys
    that a killed worker left. What a fetch is using is left for the next time."""
    for mirror in folder().glob("*.git"):
        if not Repository.objects.filter(pk=mirror.stem).exists():
            with _lock_file(mirror) as lock:
                if _try_lock(lock):
                    shutil.rmtree(mirror, ignore_errors=True)
    for key in folder().glob("*.key"):
        with _lock_file(key) as lock:
            if _try_lock(lock):
                key.unlink(missing_ok=True)


@contextmanager
def locked(mirror: Path, lease: Lease) -> Iterator[int]:
    """Lock a mirror, so that one process at a time reads or writes it. git inherits the lock: a
    fetch that outlives a killed worker keeps the next worker out until it ends."""
    deadline = time.monotonic() + settings.CODEINDEX_CLONE_SECONDS
    with _lock_file(mirror) as lock:
        while not _try_lock(lock):
            if time.monotonic() > deadline:
                raise CheckoutError(
                    "Another fetch of this repository is still in progress. Try again later."
                )
            lease.progress()
            time.sleep(0.2)
        yield lock


@contextmanager
def _lock_file(mirror: Path) -> Iterator[int]:
    State(settings.CODEINDEX_HOME).make_folder()
    mirror.parent.mkdir(exist_ok=True)
    lock = os.open(mirror.with_suffix(".lock"), os.O_CREAT | os.O_RDWR, 0o600)
    try:
        yield lock
    finally:
        os.close(lock)


def _try_lock(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def folder() -> Path:
    return Path(settings.CODEINDEX_HOME) / "mirrors"


def size(folder: Path) -> int:
    """Bytes on disk, without files that git removes meanwhile."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(place, name)).st_size
            except FileNotFoundError:
                continue
    return total


@contextmanager
def temporary() -> Iterator[Path]:
    """A place for a mirror, which is removed after the block."""
    with State(settings.CODEINDEX_HOME).temporary("forecasts") as folder:
        yield folder / "mirror.git"

"""The priority of the database's processes that work for this one."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

TRIES, PAUSE_SECONDS = 5, 0.1
"""Linux lets ordinary users set the priority of a session ten times a second."""


def follow_own() -> None:
    """From now on, the server process of each new connection has the priority of this process. The
    server must run on this machine, by a user whose processes this one may slow down; otherwise it
    stays as it is."""
    connection_created.connect(_follow, weak=False)


def _follow(connection: BaseDatabaseWrapper, **_: object) -> None:
    niceness = os.getpriority(os.PRIO_PROCESS, 0)
    process = connection.connection.info.backend_pid
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, process, niceness)
        _set_session_priority(process, niceness)


def _set_session_priority(process: int, niceness: int) -> None:
    """Set the niceness of the session of a process. Where Linux groups processes by session
    (sched_autogroup), that of a process counts only within its session, and each process of
    PostgreSQL has a session of its own."""
    for _ in range(TRIES):
        try:
            Path(f"/proc/{process}/autogroup").write_text(str(niceness))
        except BlockingIOError:
            time.sleep(PAUSE_SECONDS)
        else:
            return

"""The priority of the database's processes that work for this one."""

from __future__ import annotations

import os
from contextlib import suppress

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created


def follow_own() -> None:
    """From now on, the server process of each new connection has the priority of this process. The
    server must run on this machine, by a user whose processes this one may slow down; otherwise it
    stays as it is."""
    connection_created.connect(_follow, weak=False)


def _follow(connection: BaseDatabaseWrapper, **_: object) -> None:
    niceness = os.getpriority(os.PRIO_PROCESS, 0)
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, connection.connection.info.backend_pid, niceness)

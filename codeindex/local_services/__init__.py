"""Private PostgreSQL with pgvector and Valkey, from wheels, in a state folder.

`make run` runs `python -m codeindex.local_services`, which runs everything under one supervisor.
Commands call `ensure_services()`, which finds the private services or starts them for the duration
of the command. If DATABASE_URL and BROKER_URL name services, nothing is started."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from codeindex.local_services.servers import private
from codeindex.local_services.state import State


@contextmanager
def ensure_services() -> Iterator[bool]:
    """Makes the database and the broker of the settings available for the block. Yields whether
    they were started for it, so that no worker uses them.

    Raises CannotStart, with one line for the user, if the private ones cannot be started."""
    if not settings.PRIVATE_SERVICES:
        yield False
        return
    with private.available(State(settings.CODEINDEX_HOME)) as are_started:
        yield are_started

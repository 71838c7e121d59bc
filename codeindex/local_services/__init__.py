"""PostgreSQL with pgvector and Valkey for one machine, from wheels, in a folder of our own.

`python -m codeindex.local_services` is what `make run` runs: everything under one supervisor.
`ensure_services()` is for commands: it finds the private services, or starts them for as long
as the command lasts. Where DATABASE_URL and BROKER_URL name services, nothing is started."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from codeindex.local_services import services
from codeindex.local_services.state import State


@contextmanager
def ensure_services() -> Iterator[None]:
    """The database and the broker of the settings answer while the block runs.

    Raises CannotStart, with a line fit for a user, where private ones cannot be had."""
    if not settings.PRIVATE_SERVICES:
        yield
        return
    with services.available(State(settings.CODEINDEX_HOME)):
        yield

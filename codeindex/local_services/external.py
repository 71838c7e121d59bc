"""Services that DATABASE_URL and BROKER_URL name."""

from __future__ import annotations

import time

from django.db import OperationalError, connection

from codeindex.celery import app
from codeindex.local_services.state import CannotStart

_PATIENCE_SECONDS = 30.0


def await_ready() -> None:
    """Returns once both answer; raises CannotStart if one does not within half a minute."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while (silent := _silent()) and time.monotonic() < deadline:
        time.sleep(1)
    if silent:
        raise CannotStart(silent)


def _silent() -> str:
    """What does not answer, and why; empty if both do."""
    try:
        connection.ensure_connection()
    except OperationalError as error:
        return f"The database of DATABASE_URL does not answer: {' '.join(str(error).split())}"
    try:
        with app.connection_for_write() as broker:
            broker.ensure_connection(max_retries=1, timeout=5)
    except app.connection_for_write().connection_errors as error:
        return f"The broker of BROKER_URL does not answer: {error}"
    return ""

"""The services at DATABASE_URL and BROKER_URL."""

from __future__ import annotations

import time
from typing import Any

from django.db import OperationalError, connection
from redis.exceptions import NoPermissionError

from codeindex.celery import app
from codeindex.databases import requirements
from codeindex.local_services.state import CannotStart

_PATIENCE_SECONDS = 30.0

CLUSTER = (
    "The broker at BROKER_URL is a cluster, whose servers share the queues' keys; Celery needs one"
    " server that has them all. Name a server without cluster mode, or Sentinels (sentinel://)."
)


def await_ready() -> None:
    """Returns once both respond; raises CannotStart if one does not within half a minute, or if the
    database lacks something."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while (problem := _problem()) not in ("", CLUSTER) and time.monotonic() < deadline:
        time.sleep(1)
    if problem:
        raise CannotStart(problem)
    if missing := requirements.problems(connection):
        raise CannotStart("\n".join(missing))


def _problem() -> str:
    """Which of them is unreachable, and why; empty if both respond."""
    try:
        connection.ensure_connection()
    except OperationalError as error:
        return f"The database at DATABASE_URL is unreachable: {' '.join(str(error).split())}"
    try:
        with app.connection_for_write() as broker:
            broker.ensure_connection(max_retries=1, timeout=5)
            if _is_cluster(broker):
                return CLUSTER
    except app.connection_for_write().connection_errors as error:
        return f"The broker at BROKER_URL is unreachable: {error}"
    return ""


def _is_cluster(broker: Any) -> bool:
    """Whether it is one of several servers that share the keys."""
    try:
        return bool(broker.default_channel.client.info("cluster").get("cluster_enabled"))
    except NoPermissionError:  # a user of the broker that may not ask
        return False

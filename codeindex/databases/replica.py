"""A read replica that answers searches (CODEINDEX_REPLICA_URL): whether it does, and how far it is
behind.

Only what was indexed is read from it. Whose it is, who may see it and who asks is read from the
primary, so that a right that is withdrawn is gone at once. If the replica cannot be reached, or is
further behind than CODEINDEX_REPLICA_LAG_SECONDS, the primary answers."""

from __future__ import annotations

import logging
import math
import time

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, Error, connections
from psycopg.errors import SerializationFailure

ALIAS = "replica"

LOOK_SECONDS = 2.0
"""How long a measured lag counts."""

PAUSE_SECONDS = 15.0
"""How long a replica that failed is not tried again."""

TOLD_SECONDS = 5
"""A lag from which an answer tells of it."""

logger = logging.getLogger(__name__)


class Watch:
    """What a process knows of the replica."""

    def __init__(self) -> None:
        self._look_at = 0.0
        self._lag: float | None = None
        self._was_usable = True

    def lag(self) -> float | None:
        """Seconds, measured LOOK_SECONDS ago at most; None if it cannot be reached."""
        now = time.monotonic()
        if now >= self._look_at:
            self._look_at = now + LOOK_SECONDS  # at once, so that other threads do not look as well
            try:
                self._lag = _measured()
            except Error as error:
                self.fail(error)
            else:
                self._tell(f"it is {self._lag:.0f} seconds behind")
        return self._lag

    def is_usable(self) -> bool:
        lag = self.lag()
        return lag is not None and lag <= settings.CODEINDEX_REPLICA_LAG_SECONDS

    def fail(self, error: Error) -> None:
        """Note that a statement failed. One that replication has cancelled says nothing of the
        next; after any other error, the replica is left alone for PAUSE_SECONDS."""
        connections[ALIAS].close()
        if isinstance(error.__cause__, SerializationFailure):
            return
        self._look_at = time.monotonic() + PAUSE_SECONDS
        self._lag = None
        self._tell(str(error).strip())

    def _tell(self, why: str) -> None:
        is_usable = self._lag is not None and self._lag <= settings.CODEINDEX_REPLICA_LAG_SECONDS
        if self._was_usable and not is_usable:
            logger.warning("The primary answers searches instead of the replica: %s", why)
        elif is_usable and not self._was_usable:
            logger.warning("The replica answers searches again.")
        self._was_usable = is_usable


_watch = Watch()


def is_configured() -> bool:
    return ALIAS in settings.DATABASES


def lag_seconds() -> float | None:
    """How far the replica is behind; infinite for one that does not replicate, None if there is
    none or it cannot be reached."""
    return _watch.lag() if is_configured() else None


def is_usable() -> bool:
    """Whether the replica is to answer searches."""
    return is_configured() and _watch.is_usable()


def fail(error: Error) -> None:
    """Note that a statement of the replica failed."""
    _watch.fail(error)


def notice() -> str:
    """What to tell whoever searches; empty if the replica does not answer or is hardly behind."""
    lag = lag_seconds()
    if lag is None or not is_usable() or lag < TOLD_SECONDS:
        return ""
    return f"What was indexed in the last {math.ceil(lag)} seconds may be missing."


def _measured() -> float:
    """Seconds since the last transaction that the replica has replayed was committed, unless it has
    replayed all there is: both servers may have been idle since."""
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute("SELECT pg_current_wal_lsn()::text")
        (written,) = cursor.fetchone()
    with connections[ALIAS].cursor() as cursor:
        cursor.execute(_LAG, {"written": written})
        (lag,) = cursor.fetchone()
    return float(lag)


_LAG = """
SELECT CASE
    WHEN NOT pg_is_in_recovery() THEN 'infinity'
    WHEN pg_last_wal_replay_lsn() >= %(written)s::pg_lsn THEN 0
    ELSE coalesce(greatest(
        0, extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())
    ), 'infinity')
END::float8
"""

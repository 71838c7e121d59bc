"""Counts of what clients do, for rate limits and lockouts.

They are in the broker's Valkey, for all web processes together. While it is unreachable, each
process counts for itself."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

import redis
from django.conf import settings
from limits.storage import MemoryStorage, RedisStorage, Storage
from redis.sentinel import Sentinel, SentinelConnectionPool

STORE_SECONDS = 0.25
"""Timeout of the shared counts."""

PAUSE_SECONDS = 15.0
"""How long an unreachable store is not tried again."""

PREFIX = "codeindex-rates"
PATIENCE: dict[str, Any] = {
    "socket_timeout": STORE_SECONDS,
    "socket_connect_timeout": STORE_SECONDS,
}
SENTINEL_PORT = 26379

Result = TypeVar("Result")

logger = logging.getLogger(__name__)


class Counts:
    """The shared counts or, while these are unreachable, the process's own."""

    def __init__(self, pause: float = PAUSE_SECONDS) -> None:
        self._pause = pause
        self._retry_at = 0.0

    def apply(self, operation: Callable[[Storage], Result]) -> Result:
        if time.monotonic() < self._retry_at:
            return operation(own_store())
        try:
            result = operation(shared_store(settings.CELERY_BROKER_URL))
        except (redis.RedisError, OSError) as error:
            if not self._retry_at:
                logger.warning(
                    "rate limits apply per process while the broker is unreachable: %s", error
                )
            self._retry_at = time.monotonic() + self._pause
            return operation(own_store())
        self._retry_at = 0.0
        return result


def apply(operation: Callable[[Storage], Result]) -> Result:
    """What an operation on the store of counts returns."""
    return _counts.apply(operation)


@cache
def shared_store(broker: str) -> Storage:
    """In the broker's Valkey. Celery has its own format for the URL."""
    if broker.startswith("sentinel://"):
        return RedisStorage("redis://", connection_pool=_pool(broker), key_prefix=PREFIX)
    url = broker.replace("redis+socket://", "redis+unix://").replace("virtual_host=", "db=")
    return RedisStorage(url, key_prefix=PREFIX, **PATIENCE)


def _pool(broker: str) -> Any:
    """Connections to the server that Sentinels name, as Celery's."""
    sentinels = [urlsplit(each) for each in broker.split(";")]
    first, options = sentinels[0], settings.CELERY_BROKER_TRANSPORT_OPTIONS
    return SentinelConnectionPool(  # type: ignore[no-untyped-call]
        options["master_name"],
        Sentinel(  # type: ignore[no-untyped-call]
            [(each.hostname, each.port or SENTINEL_PORT) for each in sentinels],
            sentinel_kwargs={**options["sentinel_kwargs"], **PATIENCE},
        ),
        username=first.username and unquote(first.username),
        password=first.password and unquote(first.password),
        db=int(first.path.strip("/") or 0),
        ssl=settings.CODEINDEX_SENTINEL_TLS,
        **PATIENCE,
    )


@cache
def own_store() -> Storage:
    return MemoryStorage()


_counts = Counts()

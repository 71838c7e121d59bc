"""The broker: whether it answers, keeps its messages, and has workers that take them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import redis

from codeindex.celery import app
from codeindex.observability import queues
from codeindex.operations.checkup.findings import Finding, advice

MANY = 10_000
"""Messages in one queue. Workers can do without them: the database says what waits."""


def examine() -> Iterator[Finding]:
    lengths = queues.lengths()
    if lengths is None:
        yield Finding(
            "The broker cannot be reached.",
            "Workers are not woken, and each web process counts rate limits by itself.",
            "Start Valkey or Redis, or correct BROKER_URL.",
        )
        return
    policy = _policy()
    if policy not in ("", "noeviction"):
        yield Finding(
            f"The broker's maxmemory-policy is {policy}.",
            "It drops messages when its memory is full.",
            "CONFIG SET maxmemory-policy noeviction; set it in the configuration file, too.",
        )
    for queue, length in lengths.items():
        if length > MANY:
            yield advice(
                f"{length:,} messages wait in the queue {queue}.",
                "The workers of the queue are missing, or do not keep up.",
                f"Start more workers of {queue}. The messages may be deleted: DEL {queue}",
            )


def _policy() -> str:
    """Empty if the broker does not say, for example because CONFIG is forbidden."""
    with app.connection_for_read() as broker:
        client: Any = broker.default_channel.client
        try:
            return str(client.config_get("maxmemory-policy").get("maxmemory-policy", ""))
        except redis.RedisError:
            return ""

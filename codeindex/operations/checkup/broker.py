"""The broker: whether it answers, keeps what it is given, and has somebody who takes it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import redis

from codeindex.celery import app
from codeindex.observability import queues
from codeindex.operations.checkup.findings import Finding, advice

MANY = 10_000
"""Messages in one queue. The workers need none of them: the database is the ledger."""


def examine() -> Iterator[Finding]:
    lengths = queues.lengths()
    if lengths is None:
        yield Finding(
            "The broker cannot be reached.",
            "Workers are not woken, and limits on requests count in each process by itself.",
            "Start Valkey or Redis, or correct BROKER_URL.",
        )
        return
    policy = _policy()
    if policy not in ("", "noeviction"):
        yield Finding(
            f"The broker's maxmemory-policy is {policy}.",
            "When its memory is full, it throws messages away.",
            "CONFIG SET maxmemory-policy noeviction, and set it in its configuration, too.",
        )
    for queue, length in lengths.items():
        if length > MANY:
            yield advice(
                f"{length:,} messages wait in the queue {queue}.",
                "Its workers are missing, or do not keep up.",
                f"Start more workers of {queue}. The messages may be deleted: DEL {queue}",
            )


def _policy() -> str:
    """Empty if the broker does not tell it, as where its administrator forbids the question."""
    with app.connection_for_read() as broker:
        client: Any = broker.default_channel.client
        try:
            return str(client.config_get("maxmemory-policy").get("maxmemory-policy", ""))
        except redis.RedisError:
            return ""

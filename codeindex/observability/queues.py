"""The messages that wait in the broker."""

from __future__ import annotations

import logging

from django.conf import settings
from kombu.exceptions import OperationalError

from codeindex.celery import app

logger = logging.getLogger(__name__)

ANSWER_SECONDS = 0.5
"""The longest that connecting to the broker may take."""


def lengths() -> dict[str, int] | None:
    """The number of messages by queue; None if the broker cannot be reached."""
    routed = {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()}
    names = sorted(routed | {settings.CELERY_TASK_DEFAULT_QUEUE})
    with app.connection_for_read() as broker:
        try:
            broker.ensure_connection(max_retries=1, timeout=ANSWER_SECONDS)
            client = broker.default_channel.client
            return {name: client.llen(name) for name in names}  # a list each, in Redis and Valkey
        except (OperationalError, *broker.connection_errors) as error:
            logger.info("The broker cannot be reached: %s", error)
            return None

"""Celery tasks of this room: code that index runs have added is compared with saved searches.
`codeindex.tasks` enqueues them."""

from __future__ import annotations

import logging

from celery import shared_task

from codeindex.searches import alerts
from codeindex.searches.alerts import CannotCompare
from search import new_code

logger = logging.getLogger(__name__)


@shared_task(ignore_result=True)
def compare_new_code() -> None:
    """Compare all finished runs that wait for it."""
    try:
        while alerts.compare_next(new_code.matches):
            pass
    except CannotCompare as reason:
        logger.warning("Saved searches wait to be compared with new code: %s", reason)

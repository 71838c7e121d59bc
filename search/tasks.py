"""Celery tasks of this room: comparing code that index runs have added with saved searches, and
measuring the recall of the vector index. `codeindex.tasks` and beat enqueue them."""

from __future__ import annotations

import logging

from celery import shared_task

from codeindex.models import Space
from codeindex.observability import recall as samples
from codeindex.searches import alerts
from codeindex.searches.alerts import CannotCompare
from codeindex.spaces import encoders
from search import new_code, recall
from search.candidates.sql import SearchTimeout
from search.candidates.vectors import Vector

logger = logging.getLogger(__name__)


@shared_task(ignore_result=True)
def compare_new_code() -> None:
    """Compare all finished runs that wait for it."""
    try:
        while alerts.compare_next(new_code.matches):
            pass
    except CannotCompare as reason:
        logger.warning("Saved searches wait to be compared with new code: %s", reason)


@shared_task(ignore_result=True)
def sample_recall() -> None:
    """Measure with a few queries how much of the exact answer the vector index finds."""
    try:
        sample = recall.sample(_encoded)
    except SearchTimeout:
        logger.warning("The recall is not measured: comparing all vectors takes too long.")
        return
    if sample:
        samples.record(
            sample.queries,
            sample.sought,
            sample.found,
            index_seconds=sample.index_seconds,
            exact_seconds=sample.exact_seconds,
        )


def _encoded(space: Space, query: str) -> Vector:
    vector: Vector = encoders.encoder_for(space).encode_queries([query])[0]
    return vector

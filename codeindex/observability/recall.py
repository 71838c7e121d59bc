"""The recall of the vector index, in samples that a worker takes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.utils import timezone

from codeindex.models import RecallSample

KEPT = timedelta(days=90)

RECENT = timedelta(hours=24)
"""The age of the samples that the current figure is made of."""


def record(
    queries: int, sought: int, found: int, *, index_seconds: float, exact_seconds: float
) -> None:
    RecallSample.objects.create(
        queries=queries,
        sought=sought,
        found=found,
        index_seconds=index_seconds,
        exact_seconds=exact_seconds,
    )


def recent() -> Sequence[RecallSample]:
    """The samples of the last day, the oldest first."""
    return list(
        RecallSample.objects.filter(created__gt=timezone.now() - RECENT).order_by("created", "pk")
    )


def latest(samples: Sequence[RecallSample]) -> float | None:
    """Their recall together, from 0 to 1; None without samples."""
    sought = sum(each.sought for each in samples)
    return sum(each.found for each in samples) / sought if sought else None


def forget() -> None:
    RecallSample.objects.filter(created__lt=timezone.now() - KEPT).delete()

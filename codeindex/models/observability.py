"""What workers record about their work, for metrics and the page Health."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now


class WorkDone(models.Model):
    """What the workers of one machine have done in one stage since the row was made: `batches` of
    `things` (definitions or texts) in `seconds`, which several workers spend at once."""

    host = models.CharField(max_length=255)
    stage = models.CharField(max_length=40)
    batches = models.BigIntegerField(default=0)
    things = models.BigIntegerField(default=0)
    seconds = models.FloatField(default=0.0)
    updated = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["host", "stage"], name="one_row_a_host_and_stage"),
        ]

    def __str__(self) -> str:
        return f"{self.stage} on {self.host}"


class GpuState(models.Model):
    """A GPU of a machine when one of its workers last looked. Memory in bytes; `busy` is the share
    of the last second in which it computed, from 0 to 1, or None where the driver does not say."""

    host = models.CharField(max_length=255)
    number = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=100)
    memory_used = models.BigIntegerField()
    memory = models.BigIntegerField()
    busy = models.FloatField(null=True)
    updated = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["host", "number"], name="one_row_a_gpu"),
        ]

    def __str__(self) -> str:
        return f"GPU {self.number} of {self.host}"


class RecallSample(models.Model):
    """How many of the nearest vectors the index found that comparing all vectors finds, for a few
    queries: `found` of `sought`. The seconds are those of all queries together."""

    created = models.DateTimeField(db_default=Now())
    queries = models.PositiveSmallIntegerField()
    sought = models.PositiveIntegerField()
    found = models.PositiveIntegerField()
    index_seconds = models.FloatField()
    exact_seconds = models.FloatField()

    class Meta:
        indexes = [models.Index(fields=["created"], name="recall_by_time")]

    def __str__(self) -> str:
        return f"recall {self.recall:.3f}"

    @property
    def recall(self) -> float:
        return self.found / max(self.sought, 1)

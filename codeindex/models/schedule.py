"""When beat sent its tasks."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now


class ScheduledTaskQuerySet(models.QuerySet["ScheduledTask"]):
    def add_missing(self, names: list[str]) -> None:
        """A task that is new in the schedule is due one interval from now."""
        new = [ScheduledTask(name=name, sent_at=Now()) for name in names]
        self.bulk_create(new, ignore_conflicts=True)


class ScheduledTask(models.Model):
    """When a task of CELERY_BEAT_SCHEDULE was sent last, by whichever beat."""

    name = models.CharField(primary_key=True, max_length=100)
    sent_at = models.DateTimeField()

    objects = ScheduledTaskQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name

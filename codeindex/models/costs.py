"""What index runs have cost, and what they were expected to."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from codeindex.models.repositories import IndexRun


class RunCost(models.Model):
    """What a run wrote, all its attempts together, and what was stored already. The seconds are in
    `IndexRun.timings`. For administrators alone: it tells what others hold."""

    run = models.OneToOneField(
        IndexRun,
        models.CASCADE,
        primary_key=True,
        related_name="cost",
        db_constraint=False,  # `codeindex.databases.cascades` adds it
    )
    # Changed files by where their content came from
    files_new = models.PositiveIntegerField(default=0)  # it was read
    files_moved = models.PositiveIntegerField(default=0)  # the repository has it live elsewhere
    files_shared = models.PositiveIntegerField(default=0)  # in other repositories or the history
    content_bytes = models.BigIntegerField(default=0)  # of what was read, decoded
    definitions_changed = models.PositiveIntegerField(default=0)  # of all changed files
    definitions_new = models.PositiveIntegerField(default=0)  # of those that were read
    texts_new = models.PositiveIntegerField(default=0)
    vectors = models.PositiveIntegerField(default=0)  # requested in the active space
    # Of the values of stored rows, compressed, without their vectors, headers and indexes
    stored_bytes = models.BigIntegerField(default=0)


class Forecast(models.Model):
    """What indexing a branch of an address was expected to cost. `url` holds no credential.
    `figures`: name → the expected value, and the ends of an interval that holds it in nine of ten
    cases; beside them what they rest on (`codeindex.operations.forecasting`)."""

    url = models.TextField()
    branch = models.CharField(max_length=255, blank=True)
    created = models.DateTimeField(db_default=Now())
    figures = models.JSONField()

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["url"], name="forecasts_by_url")]

"""What the hosts say of the branches that are indexed."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.db.models import Case, F, Value, When
from django.db.models.functions import Now

from codeindex.models.repositories import Branch

FIRST_RETRY = timedelta(minutes=15)
"""When a commit that could not be indexed is tried again for the first time."""


class UpstreamQuerySet(models.QuerySet["Upstream"]):
    def note_fetched(self, branch_id: int, commit: str) -> None:
        """A fetch tells the head, too. An index run of it is in progress."""

        def unless_known(column: str, value: object) -> Case:
            return Case(When(head=commit, then=F(column)), default=value)

        self.filter(pk=branch_id).update(
            head=commit,
            moved=unless_known("moved", Now()),
            runs=unless_known("runs", Value(1)),
            run_due=unless_known("run_due", Now() + FIRST_RETRY),
            asked=Now(),
            failures=0,
            error="",
        )


class Upstream(models.Model):
    """A branch as its host has it: the commit that it had when the host last answered, and when it
    is asked again (None: only if something asks for it)."""

    branch = models.OneToOneField(Branch, models.CASCADE, primary_key=True, related_name="upstream")
    head = models.CharField(max_length=64, blank=True)
    moved = models.DateTimeField(null=True, blank=True)  # when `head` was first seen
    asked = models.DateTimeField(null=True, blank=True)  # when the host last answered
    due = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveSmallIntegerField(default=0)  # since the host last answered
    error = models.TextField(blank=True)
    # Index runs that were requested for `head` without anybody's asking, and when the next may be
    runs = models.PositiveSmallIntegerField(default=0)
    run_due = models.DateTimeField(null=True, blank=True)

    lease = models.UUIDField(null=True, blank=True, editable=False)
    leased_until = models.DateTimeField(null=True, blank=True, editable=False)

    NOTED = ("head", "moved", "asked", "failures", "error", "runs", "run_due")

    objects = UpstreamQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["due"], name="upstreams_due")]

    def __str__(self) -> str:
        return f"{self.branch} at its host"

    def note(self, head: str, now: datetime) -> None:
        """The host has answered, and has this commit; changes the fields `NOTED`."""
        self.asked, self.failures, self.error = now, 0, ""
        if head != self.head:
            self.head, self.moved, self.runs, self.run_due = head, now, 0, None

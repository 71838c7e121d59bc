"""What is computed of the index and of its use, beside what a search needs."""

from __future__ import annotations

from django.db import models

from codeindex.models.files import Text
from codeindex.models.repositories import Branch, IndexRun


class TextShape(models.Model):
    """The shape of a function's or method's text (`embeddings.paths.shapes`). Texts of one shape
    are clones of each other. `digest` is empty for a text that has no shape."""

    text = models.OneToOneField(Text, models.CASCADE, primary_key=True, related_name="shape")
    digest = models.CharField(max_length=32, blank=True)
    leaves = models.PositiveIntegerField(default=0)  # of its syntax tree

    class Meta:
        indexes = [models.Index(fields=["digest"], name="texts_by_shape")]

    def __str__(self) -> str:
        return self.digest


class NearClone(models.Model):
    """Two texts of different shapes whose structure vectors are nearly the same."""

    first = models.ForeignKey(Text, models.CASCADE, related_name="+")
    second = models.ForeignKey(Text, models.CASCADE, related_name="+")
    similarity = models.FloatField()  # the cosine

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="near_clones_once"),
        ]

    def __str__(self) -> str:
        return f"{self.first_id} and {self.second_id}"


class Documented(models.Model):
    """How many definitions of a branch's live commit have documentation, in one language: public
    ones outside tests."""

    branch = models.ForeignKey(Branch, models.CASCADE, related_name="documented")
    run = models.ForeignKey(IndexRun, models.CASCADE, related_name="+")
    language = models.CharField(max_length=20)
    definitions = models.PositiveIntegerField()
    documented = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["branch", "language"], name="documented_once"),
        ]

    def __str__(self) -> str:
        return f"{self.documented} of {self.definitions}"


class UsageDay(models.Model):
    """The searches of a day (UTC) by one door: all, those after which their user read something,
    and those that found nothing. Counted from the audit, and kept when that is deleted."""

    day = models.DateField()
    door = models.CharField(max_length=10)  # an `audit.Door`
    searches = models.PositiveIntegerField()
    followed = models.PositiveIntegerField()
    empty = models.PositiveIntegerField()

    class Meta:
        ordering = ["day", "door"]
        constraints = [models.UniqueConstraint(fields=["day", "door"], name="one_row_a_day")]

    def __str__(self) -> str:
        return f"{self.day} {self.door}"

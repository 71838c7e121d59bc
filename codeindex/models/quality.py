"""What is computed of the index and of its use, beside what a search needs."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import models
from django.db.models.functions import Now

from codeindex.models.files import Text
from codeindex.models.repositories import Branch, IndexRun, Repository
from codeindex.models.vectors import Embedding


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


class BranchClones(models.Model):
    """The groups of clones within a branch's live commit, as `codeindex.quality.clones` found them
    when all of its functions had their shapes."""

    # `codeindex.databases.cascades` adds the constraints
    branch = models.OneToOneField(
        Branch, models.CASCADE, primary_key=True, related_name="clones", db_constraint=False
    )
    run = models.ForeignKey(IndexRun, models.CASCADE, related_name="+", db_constraint=False)
    found = models.JSONField()  # of `codeindex.quality.clones.Found`

    def __str__(self) -> str:
        return f"clones of {self.branch_id}"


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


class NameDoubt(models.Model):
    """A function or method whose name is in doubt: the names predicted with its vector are sure,
    and have nothing in common with it (`embeddings.naming.disagreement`). Written with the vector,
    so that a page reads these rows alone, of some hundredth of all functions."""

    embedding = models.OneToOneField(
        Embedding,
        models.CASCADE,
        primary_key=True,
        related_name="name_doubt",
        # An older version, which may still run, deletes embeddings without knowing this table
        db_constraint=False,
    )
    doubt = models.FloatField()  # the expected F1 of the best predicted name

    def __str__(self) -> str:
        return f"{self.doubt:.2f}"


class NameDismissal(models.Model):
    """A doubt about a name that somebody has dismissed for a repository. It holds for the text of
    this hash wherever it is, and for this name of this path whatever its text becomes."""

    # `codeindex.databases.cascades` adds the constraints
    repository = models.ForeignKey(
        Repository, models.CASCADE, related_name="dismissed_names", db_constraint=False
    )
    text_hash = models.CharField(max_length=64)
    path = models.TextField()
    qualified_name = models.TextField()
    reason = models.CharField(max_length=200, blank=True)
    dismissed_by = models.ForeignKey(
        User, models.SET_NULL, null=True, related_name="dismissed_names", db_constraint=False
    )
    created = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-created", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["repository", "text_hash"], name="one_dismissal_a_text"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.qualified_name} in {self.path}"


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

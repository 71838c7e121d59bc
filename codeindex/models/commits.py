"""Commits, as far as they are shown: those that were indexed, and those that changed definitions
last."""

from __future__ import annotations

from django.db import models

from codeindex.models.files import Definition, SourceFile
from codeindex.models.repositories import Repository


class Commit(models.Model):
    """A commit of a repository, by whom, and what for; who wrote it may call themselves anything.
    `authored` is the author's date, which an attacker may choose, too."""

    repository = models.ForeignKey(Repository, models.CASCADE, related_name="commits")
    sha = models.CharField(max_length=64)
    author = models.TextField()
    authored = models.DateTimeField()
    subject = models.TextField()  # the first line of its message

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["repository", "sha"], name="one_commit_a_repository"),
        ]
        indexes = [models.Index(fields=["authored"], name="commits_by_date")]

    def __str__(self) -> str:
        return self.sha


class DefinitionChange(models.Model):
    """The last commit that changed a line of a definition in a file; there is none where the commit
    is older than the history that is fetched. Whoever deletes files deletes their rows here, in one
    statement; Django would load each file first."""

    file = models.ForeignKey(SourceFile, models.DO_NOTHING, related_name="changes")
    definition = models.ForeignKey(Definition, models.DO_NOTHING, related_name="+")
    commit = models.ForeignKey(Commit, models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["file", "definition"], name="one_change_a_definition"),
        ]

"""How good the search is, measured with an installation's own questions."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import models
from django.db.models.functions import Now


class Evaluation(models.Model):
    """The figures of `manage.py evaluate` for a file of questions. Two evaluations are comparable
    if they have the same file, by its hash, and the same commits."""

    file = models.CharField(max_length=255)
    file_hash = models.CharField(max_length=64)
    created = models.DateTimeField(db_default=Now())
    asked_as = models.CharField(max_length=150, blank=True)  # empty: as an administrator
    space = models.CharField(max_length=220, blank=True)  # empty: by words alone
    commits = models.JSONField(default=dict)  # repository → commit
    figures = models.JSONField(default=list)  # [[group, questions, [value, low, high], …], …]
    notices = models.JSONField(default=list)  # what the answers lacked

    MEASURES = ("nDCG@10", "MRR", "recall@10")  # as the figures have them

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.file}, {self.created:%Y-%m-%d %H:%M}"

    def rows(self) -> list[list[str]]:
        """The figures as a table: what was measured, then each group, all questions first."""
        rows = [[group, str(asked), *map(_shown, of)] for group, asked, *of in self.figures]
        return [["", "questions", *self.MEASURES], *rows]


def _shown(figure: Sequence[float]) -> str:
    value, low, high = figure
    return f"{value:.3f} ({low:.3f}–{high:.3f})"

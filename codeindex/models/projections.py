"""The map: two coordinates for each text, which show what is near in a space."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from codeindex.models.files import Text
from codeindex.models.vectors import Space

EDGE = 65_535
"""Coordinates are integers from 0 to EDGE."""


class Projection(models.Model):
    """A layout of a space's vectors in two dimensions. The newest complete one of a space is shown.

    `texts` were there when it was made; others are placed beside their neighbours since.
    `trustworthiness` is the share, from 0 to 1, of neighbours on the map that are neighbours in the
    space (Venna and Kaski, 2001), measured on a sample of `measured` points."""

    space = models.ForeignKey(Space, models.CASCADE, related_name="projections")
    created = models.DateTimeField(db_default=Now())
    texts = models.PositiveIntegerField()
    trustworthiness = models.FloatField(null=True)
    measured = models.PositiveIntegerField(default=0)
    is_complete = models.BooleanField(default=False)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"map {self.pk} of {self.space}"


class MapPoint(models.Model):
    """Where a text lies. Anchors are those that the layout was made of."""

    projection = models.ForeignKey(
        Projection, models.CASCADE, related_name="points", db_index=False
    )
    text = models.ForeignKey(Text, models.CASCADE, related_name="+", db_index=False)
    x = models.PositiveIntegerField()
    y = models.PositiveIntegerField()
    is_anchor = models.BooleanField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["text", "projection"], name="one_point_a_text"),
        ]
        indexes = [models.Index(fields=["projection", "x", "y"], name="points_by_place")]

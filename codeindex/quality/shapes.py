"""The shapes of texts, computed in the background."""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import groupby

from django.db import connection

from codeindex.models import Text, TextShape
from embeddings.paths import CODE
from embeddings.paths.shapes import Shape, shapes

BATCH = 1_000
SECONDS = 60.0
"""How long one round takes at most: the next one goes on."""


def compute(seconds: float = SECONDS) -> int:
    """Store the shapes of live functions and methods that lack one; returns how many there were."""
    until, done = time.monotonic() + seconds, 0
    while texts := _missing():
        found = [
            TextShape(text=text, digest=shape.digest, leaves=shape.leaves)
            if shape
            else TextShape(text=text)
            for language, group in groupby(texts, key=lambda text: text.language)
            for text, shape in _of_language(language, list(group))
        ]
        TextShape.objects.bulk_create(found, ignore_conflicts=True)
        done += len(found)
        if time.monotonic() > until:
            break
    return done


def are_complete() -> bool:
    """Whether no live function or method lacks its shape."""
    return not _missing()


def _of_language(language: str, texts: Sequence[Text]) -> list[tuple[Text, Shape | None]]:
    return list(zip(texts, shapes([text.body for text in texts], language), strict=True))


def _missing() -> list[Text]:
    with connection.cursor() as cursor:
        cursor.execute(_MISSING, {"kinds": list(CODE), "limit": BATCH})
        pks = [pk for (pk,) in cursor.fetchall()]
    return list(Text.objects.filter(pk__in=pks).order_by("language", "pk"))


_MISSING = """
SELECT text.id FROM codeindex_text AS text
WHERE text.kind = ANY(%(kinds)s)
  AND NOT EXISTS (SELECT FROM codeindex_textshape AS shape WHERE shape.text_id = text.id)
  AND EXISTS (
      SELECT FROM codeindex_definition AS definition
      JOIN codeindex_sourcefile AS file ON file.blob_id = definition.blob_id
      WHERE definition.text_id = text.id AND file.live)
LIMIT %(limit)s
"""

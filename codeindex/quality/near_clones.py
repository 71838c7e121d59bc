"""Pairs of functions of different shapes whose structure vectors are nearly the same."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from codeindex import locks
from codeindex.models import NearClone, Space, SpaceState
from codeindex.spaces.vectors import normalized

LEAVES = 60
"""The fewest leaves of a function that is compared: small ones are alike by chance."""

THRESHOLD = 0.965
"""The least cosine of a pair. docs/quality.md says what pairs look like above and below."""

RATIO = 0.8
"""How many leaves the smaller of a pair has, at least, for each of the larger."""

MOST_TEXTS = 20_000
MOST_PAIRS = 20_000
BLOCK = 1_000

EVERY = timedelta(days=1)

Pair = tuple[int, int, float]


def refresh() -> int | None:
    """Find the pairs anew; returns their number, None if another process does."""
    space = Space.objects.filter(state=SpaceState.ACTIVE).first()
    with locks.session("near clones") as is_locked:
        if not is_locked or space is None:
            return None
        pairs = sorted(_pairs(space), key=lambda pair: -pair[2])[:MOST_PAIRS]
        with transaction.atomic():
            NearClone.objects.all().delete()
            NearClone.objects.bulk_create(
                (
                    NearClone(first_id=first, second_id=second, similarity=similarity)
                    for first, second, similarity in pairs
                ),
                batch_size=BLOCK,
            )
        return len(pairs)


def _pairs(space: Space) -> Iterator[Pair]:
    texts, leaves, vectors = _structures(space)
    for start in range(0, len(texts), BLOCK):
        similarity = vectors[start : start + BLOCK] @ vectors[start:].T
        for row, column in np.argwhere(similarity >= THRESHOLD).tolist():
            first, second = start + row, start + column
            sizes = sorted((int(leaves[first]), int(leaves[second])))
            if first < second and sizes[0] >= RATIO * sizes[1]:
                yield texts[first], texts[second], float(similarity[row, column])


def _structures(space: Space) -> tuple[list[int], NDArray[np.int64], NDArray[np.float32]]:
    """One text of each shape, the largest ones: their ids, leaves, and structure vectors of length
    one."""
    with connection.cursor() as cursor:
        cursor.execute(_STRUCTURES, {"space": space.pk, "leaves": LEAVES, "limit": MOST_TEXTS})
        rows = cursor.fetchall()
    leaves = np.array([count for _, count, _ in rows], np.int64)
    return [text for text, *_ in rows], leaves, normalized([sent for *_, sent in rows])


_STRUCTURES = """
SELECT text_id, leaves, halfvec_send(structure) FROM (
    SELECT DISTINCT ON (shape.digest) shape.text_id, shape.leaves, own.structure
    FROM codeindex_textshape AS shape
    JOIN codeindex_embedding AS own
      ON own.text_id = shape.text_id AND own.space_id = %(space)s AND own.structure IS NOT NULL
    WHERE shape.digest <> '' AND shape.leaves >= %(leaves)s
      AND EXISTS (
          SELECT FROM codeindex_definition AS definition
          JOIN codeindex_sourcefile AS file ON file.blob_id = definition.blob_id
          WHERE definition.text_id = shape.text_id AND file.live)
    ORDER BY shape.digest, shape.text_id
) AS largest ORDER BY leaves DESC, text_id LIMIT %(limit)s
"""

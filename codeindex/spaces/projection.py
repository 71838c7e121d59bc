"""The map of a space: made, extended by what is new, and made again when much has changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from codeindex import locks
from codeindex.models import EDGE, MapPoint, Projection, Space, SpaceState
from codeindex.spaces.vectors import normalized

ANCHORS = 5_000
"""Texts that are laid out by t-SNE, about a minute of one processor's time."""

PLACED_AT_ONCE = 2_000

JUDGED_TEXTS = 2_000
"""By which a map's trustworthiness is measured."""

FEWEST = 20
"""Texts of a map."""

MUCH = 1.25
"""A map is made again when there are this many times as many texts."""

Vectors = NDArray[np.float32]


def refresh() -> Projection | None:
    """Bring the map of the active space up to date; None if there is nothing to show, or another
    process does it."""
    space = Space.objects.filter(state=SpaceState.ACTIVE).first()
    if space is None:
        return None
    with locks.session(f"map of space {space.pk}") as is_locked:
        if not is_locked:
            return None
        count = _count(space)
        current = latest(space)
        if count < FEWEST:
            return None
        if current is None or count > MUCH * current.texts:
            current = _made(space, count, current)
        else:
            _extend(current)
        return current


def latest(space: Space) -> Projection | None:
    return Projection.objects.filter(space=space, is_complete=True).first()


def _made(space: Space, count: int, before: Projection | None) -> Projection:
    """A new map, which replaces those before it when it is complete."""
    layout = import_module("codeindex.spaces.layout")
    Projection.objects.filter(space=space, is_complete=False).delete()
    texts, vectors = _vectors(_ANCHORS, {"space": space.pk, "limit": ANCHORS})
    positions = layout.arrange(vectors, _positions_before(before, texts))
    low, scale = positions.min(axis=0), np.ptp(positions, axis=0).max() or 1.0
    # Both axes have one scale; what is placed lies between anchors, and so within them
    coordinates = np.rint((positions - low) / scale * EDGE)
    made = Projection.objects.create(space=space, texts=count)
    _store(made, texts, coordinates, is_anchor=True)
    _extend(made)
    judged, of_judged = _vectors(_JUDGED, {"map": made.pk, "limit": JUDGED_TEXTS})
    with transaction.atomic():
        made.trustworthiness = layout.trustworthiness(of_judged, _positions(made, judged))
        made.measured, made.is_complete = len(judged), True
        made.save()
        Projection.objects.filter(space=space).exclude(pk=made.pk).delete()
    return made


def _extend(current: Projection) -> None:
    """Place the texts that the map lacks."""
    layout = import_module("codeindex.spaces.layout")
    stored, vectors = _vectors(_STORED_ANCHORS, {"map": current.pk})
    if not stored:
        return
    anchors = layout.Anchors(vectors, _positions(current, stored))
    missing = {"map": current.pk, "space": current.space_id, "limit": PLACED_AT_ONCE}
    while True:
        texts, further = _vectors(_MISSING, missing)
        if not texts:
            return
        _store(current, texts, anchors.place(further), is_anchor=False)


def _positions_before(before: Projection | None, texts: Sequence[int]) -> Vectors | None:
    """Where the texts lay on the map before; those that were not on it lie in its middle. None if
    that holds of most."""
    if before is None:
        return None
    known = _coordinates(before, texts)
    if 2 * len(known) < len(texts):
        return None
    middle = (EDGE / 2, EDGE / 2)
    centred = np.array([known.get(text, middle) for text in texts], np.float32) - EDGE / 2
    return centred + np.random.default_rng(0).normal(0, 1, centred.shape).astype(np.float32)


def _positions(current: Projection, texts: Sequence[int]) -> Vectors:
    known = _coordinates(current, texts)
    return np.array([known[text] for text in texts], np.float32).reshape(-1, 2)


def _coordinates(current: Projection, texts: Sequence[int]) -> dict[int, tuple[int, int]]:
    points = MapPoint.objects.filter(projection=current, text__in=list(texts))
    return {text: (x, y) for text, x, y in points.values_list("text", "x", "y")}


def _store(
    made: Projection, texts: Sequence[int], coordinates: Vectors, *, is_anchor: bool
) -> None:
    points = (
        MapPoint(projection=made, text_id=text, x=round(x), y=round(y), is_anchor=is_anchor)
        for text, (x, y) in zip(texts, coordinates.tolist(), strict=True)
    )
    MapPoint.objects.bulk_create(points, batch_size=PLACED_AT_ONCE, ignore_conflicts=True)


def _count(space: Space) -> int:
    ((count,),) = _rows(f"SELECT count(*) FROM ({_LIVE}) AS live", {"space": space.pk})
    return int(count)


def _vectors(statement: str, parameters: dict[str, Any]) -> tuple[list[int], Vectors]:
    """The ids that a statement selects, and their vectors, of length one."""
    rows = list(_rows(statement, parameters))
    return [text for text, _ in rows], normalized([sent for _, sent in rows])


def _rows(statement: str, parameters: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        yield from cursor.fetchall()


_IS_LIVE = """EXISTS (
    SELECT FROM codeindex_definition AS definition
    JOIN codeindex_sourcefile AS file ON file.blob_id = definition.blob_id
    WHERE definition.text_id = own.text_id AND file.live)"""
_LIVE = f"""SELECT own.text_id, own.vector FROM codeindex_embedding AS own
    WHERE own.space_id = %(space)s AND own.state = 'ready' AND {_IS_LIVE}"""
# The smallest hashes: a sample by chance that hardly changes when texts come and go
_ANCHORS = f"""SELECT live.text_id, halfvec_send(live.vector) FROM ({_LIVE}) AS live
    JOIN codeindex_text AS text ON text.id = live.text_id ORDER BY text.hash LIMIT %(limit)s"""
_MISSING = f"""SELECT own.text_id, halfvec_send(own.vector) FROM codeindex_embedding AS own
    WHERE own.space_id = %(space)s AND own.state = 'ready' AND {_IS_LIVE}
      AND NOT EXISTS (SELECT FROM codeindex_mappoint AS point
                      WHERE point.text_id = own.text_id AND point.projection_id = %(map)s)
    LIMIT %(limit)s"""
_OF_MAP = """SELECT point.text_id, halfvec_send(own.vector) FROM codeindex_mappoint AS point
    JOIN codeindex_projection AS map ON map.id = point.projection_id
    JOIN codeindex_embedding AS own
      ON own.text_id = point.text_id AND own.space_id = map.space_id AND own.state = 'ready'
    JOIN codeindex_text AS text ON text.id = point.text_id
    WHERE point.projection_id = %(map)s"""
_STORED_ANCHORS = f"{_OF_MAP} AND point.is_anchor"
# By another part of the hash than the anchors, so that both kinds are among them
_JUDGED = f"{_OF_MAP} ORDER BY reverse(text.hash) LIMIT %(limit)s"

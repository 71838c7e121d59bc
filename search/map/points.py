"""The points of the map that a user may see, and what lies at a place."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from django.contrib.auth.models import AnonymousUser, User
from numpy.typing import NDArray

from codeindex.models import Definition, Projection, SpaceState
from search import engine
from search.candidates import sql
from search.candidates.scopes import ROWS, scope_for
from search.map.frames import Frame
from search.places import places_of_texts
from search.query.filters import Filter
from search.request import SearchRequest
from search.results import Answer, Place

MOST = 50_000
"""Points of an answer. Of more, a sample is taken."""

MOST_AT_PLACE = 5

PARTS = 1_024
"""Texts fall by chance into so many parts; a sample is some of the parts."""

DAY = 86_400


@dataclass(frozen=True, slots=True)
class Points:
    """Points on the map, as columns: where each is shown, from 0 to EDGE; its repository's id, its
    language and kind; the days since 1970 at which its file was indexed as it is; and its name.
    `is_sample`: there are more."""

    frame: Frame
    x: NDArray[np.int64]
    y: NDArray[np.int64]
    repositories: Sequence[int]
    languages: Sequence[str]
    kinds: Sequence[str]
    days: Sequence[int]
    names: Sequence[str]
    is_sample: bool

    def __len__(self) -> int:
        return len(self.repositories)


@sql.time_limit()
def visible(
    user: User | AnonymousUser, filters: Sequence[Filter] = (), most: int = MOST
) -> Points | None:
    """What `user` may see of the map within filters; None if that is nothing. Raises
    `UnknownRepository` and `SearchTimeout`."""
    current, scope = _current(), scope_for(user, filters)
    if current is None:
        return None
    parts = min(PARTS, math.ceil(PARTS * most / max(1, scope.texts)))
    rows = sql.rows(_POINTS.format(condition=scope.condition), {
        **scope.parameters, "map": current.pk, "parts": parts, "all": PARTS, "day": DAY,
    })  # fmt: skip
    if not rows:
        return None
    x, y, repositories, languages, kinds, days, names = zip(*rows, strict=True)
    places = np.array(x, np.int64), np.array(y, np.int64)
    frame = Frame.around(*places)
    shown = frame.shown(*places)
    return Points(frame, *shown, repositories, languages, kinds, days, names, parts < PARTS)


@sql.time_limit()
def at(user: User | AnonymousUser, frame: Frame, x: int, y: int) -> list[Place]:
    """What is shown at a place, as far as `user` may see it: at most MOST_AT_PLACE definitions."""
    current = _current()
    if current is None:
        return []
    left, top = frame.place(x, y)
    found = sql.rows(
        "SELECT text_id FROM codeindex_mappoint"
        " WHERE projection_id = %s AND x = %s AND y = %s ORDER BY id",
        [current.pk, left, top],
    )
    places = places_of_texts([text for (text,) in found], scope_for(user))
    return [of_text[0] for of_text in places.values()][:MOST_AT_PLACE]


def hits(request: SearchRequest, frame: Frame) -> tuple[Answer, list[tuple[int, int]]]:
    """The answer to a search, and where its results are shown in a frame. Raises as
    `engine.find`."""
    answer = engine.find(request)
    definitions = [result.definition.place.definition_id for result in answer.results]
    texts = Definition.objects.filter(pk__in=definitions).values_list("text", flat=True)
    return answer, [frame.shown(x, y) for x, y in _coordinates(list(texts))]


def _coordinates(texts: Collection[int]) -> list[tuple[int, int]]:
    current = _current()
    if current is None:
        return []
    return list(current.points.filter(text__in=texts).values_list("x", "y"))


def _current() -> Projection | None:
    shown = Projection.objects.filter(space__state=SpaceState.ACTIVE, is_complete=True)
    return shown.first()


_POINTS = f"""
SELECT x, y, repository_id, language, kind, day, name FROM (
    SELECT DISTINCT ON (definition.text_id) point.x, point.y, branch.repository_id, blob.language,
        definition.kind, (extract(epoch FROM run.created) / %(day)s)::integer AS day,
        definition.qualified_name AS name
    FROM {ROWS}
    JOIN codeindex_mappoint AS point
      ON point.text_id = definition.text_id AND point.projection_id = %(map)s
    JOIN codeindex_branch AS branch ON branch.id = file.branch_id
    JOIN codeindex_indexrun AS run ON run.id = file.from_run_id
    JOIN codeindex_blob AS blob ON blob.id = file.blob_id
    WHERE {{condition}} AND abs(hashint8(definition.text_id) %% %(all)s) < %(parts)s
    ORDER BY definition.text_id, file.path, file.id
) AS seen
"""

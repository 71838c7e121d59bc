"""Functions whose names are in doubt, the most doubtful first, with suggested names."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from codeindex import cursors
from codeindex.models import Definition, NameDoubt, SourceFile, SpaceState
from codeindex.quality import dismissals, namesakes, statements
from codeindex.quality.clones import Place
from codeindex.quality.dismissals import Named
from embeddings.naming.disagreement import Thresholds, likely

MOST_SUGGESTIONS = 3
LARGEST_PAGE = 200
EXPORTED_AT_ONCE = 1_000

COLUMNS = (
    "repository", "path", "start_line", "end_line", "name", "kind", "language", "confidence",
    "suggestions",
)  # fmt: skip
"""Of an export."""

_CURSOR = (float, str, str, int, int)


@dataclass(frozen=True, slots=True)
class Filters:
    """Which names are wanted: those below a folder, in a language, of a kind. Empty values keep
    all."""

    folder: str = ""
    language: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class DoubtfulName:
    """A function or method by one of its places, and the likely names, best first, each with its
    expected F1. `namesakes` are the most similar definitions that have one of these names."""

    place: Place
    kind: str
    language: str
    doubt: float
    suggestions: Sequence[tuple[str, float]]
    embedding: int
    namesakes: Sequence[Place] = ()

    @property
    def row(self) -> Mapping[str, Any]:
        """As an export has it."""
        return {
            "repository": self.place.repository,
            "path": self.place.path,
            "start_line": self.place.start_line,
            "end_line": self.place.end_line,
            "name": self.place.name,
            "kind": self.kind,
            "language": self.language,
            "confidence": round(self.doubt, 3),
            "suggestions": [name for name, _ in self.suggestions],
        }


@dataclass(frozen=True, slots=True)
class Page:
    """Some names, and the cursor of the next page; empty after the last."""

    names: Sequence[DoubtfulName]
    next: str


class BadCursor(ValueError):
    """No answer has given this cursor."""


def page(branches: Sequence[int], filters: Filters, cursor: str, limit: int) -> Page:
    """At most `limit` names in these branches. Raises `BadCursor`, and `TooSlow`."""
    found = _names(branches, filters, _position(cursor) if cursor else None, limit + 1)
    following = cursors.written(_position_of(found[limit - 1])) if len(found) > limit else ""
    return Page(found[:limit], following)


def with_namesakes(
    names: Sequence[DoubtfulName], branches: Sequence[int]
) -> Sequence[DoubtfulName]:
    """The names with the definitions in `branches` that have one of the suggested names."""
    wanted = {each.embedding: [name for name, _ in each.suggestions] for each in names}
    found = namesakes.nearest(wanted, branches)
    return [replace(each, namesakes=found.get(each.embedding, ())) for each in names]


def every(branches: Sequence[int], filters: Filters) -> Iterator[DoubtfulName]:
    """All names in these branches, read some at a time."""
    position: Sequence[object] | None = None
    while found := _names(branches, filters, position, EXPORTED_AT_ONCE):
        yield from found
        position = _position_of(found[-1])


def is_doubtful(file: SourceFile, definition: Definition) -> bool:
    """Whether the name of a definition in a file is in doubt, and nobody has dismissed that."""
    doubts = NameDoubt.objects.filter(
        embedding__text=definition.text_id, embedding__space__state=SpaceState.ACTIVE
    )
    if not doubts.exists():
        return False
    named = Named(file.path, definition.qualified_name, definition.text.hash)
    return not dismissals.dismissed(file.branch.repository_id, [named])


def _position(cursor: str) -> Sequence[object]:
    try:
        return cursors.read(cursor, _CURSOR)
    except ValueError as error:
        raise BadCursor from error


def _position_of(name: DoubtfulName) -> Sequence[object]:
    place = name.place
    return name.doubt, place.repository, place.path, place.start_line, place.end_line


def _names(
    branches: Sequence[int], filters: Filters, after: Sequence[object] | None, limit: int
) -> list[DoubtfulName]:
    doubt, repository, path, start, end = after or (2.0, "", "", 0, 0)
    parameters = {
        "branches": list(branches),
        "below": f"{folder}/" if (folder := filters.folder.strip("/")) else "",
        "language": filters.language,
        "kind": filters.kind,
        "doubt": doubt,
        "repository": repository,
        "path": path,
        "start": start,
        "end": end,
        "limit": limit,
    }
    return [_read(*row) for row in statements.rows(_DOUBTFUL, parameters)]


def _read(
    doubt: float,
    kind: str,
    language: str,
    predicted: str,
    embedding: int,
    sure: float,
    likely_from: float,
    *place: Any,
) -> DoubtfulName:
    """A row of `_DOUBTFUL`."""
    names = [(str(name), float(score)) for name, score in json.loads(predicted)]
    suggestions = likely(names, Thresholds(sure, likely_from))[:MOST_SUGGESTIONS]
    return DoubtfulName(Place(*place), kind, language, doubt, suggestions, embedding)


_DOUBTFUL = """
SELECT doubt, kind, language, predicted_names, embedding_id, name_sure, name_likely,
    repository, repository_id, path, file, definition, qualified_name, start_line, end_line
FROM (
    SELECT DISTINCT ON (repository.id, definition.text_id)
        judged.doubt, definition.kind, text.language, own.predicted_names, judged.embedding_id,
        space.name_sure, space.name_likely,
        owner.username || '/' || repository.name AS repository, repository.id AS repository_id,
        file.path, file.id AS file, definition.id AS definition, definition.qualified_name,
        definition.start_line, definition.end_line
    FROM codeindex_namedoubt AS judged
    JOIN codeindex_embedding AS own ON own.id = judged.embedding_id AND own.state = 'ready'
    JOIN codeindex_space AS space ON space.id = own.space_id AND space.state = 'active'
    JOIN codeindex_text AS text ON text.id = own.text_id
    JOIN codeindex_definition AS definition ON definition.text_id = text.id
    JOIN codeindex_sourcefile AS file ON file.blob_id = definition.blob_id AND file.live
    JOIN codeindex_branch AS branch ON branch.id = file.branch_id
    JOIN codeindex_repository AS repository ON repository.id = branch.repository_id
    JOIN auth_user AS owner ON owner.id = repository.owner_id
    WHERE file.branch_id = ANY(%(branches)s)
      AND starts_with(file.path, %(below)s)
      AND %(language)s IN ('', text.language) AND %(kind)s IN ('', definition.kind)
      AND NOT EXISTS (
          SELECT FROM codeindex_namedismissal AS dismissal
          WHERE dismissal.repository_id = repository.id
            AND (dismissal.text_hash = text.hash
                 OR (dismissal.path = file.path
                     AND dismissal.qualified_name = definition.qualified_name)))
    ORDER BY repository.id, definition.text_id, file.path, definition.start_line
) AS doubtful
WHERE (-doubt, repository, path, start_line, end_line)
    > (-%(doubt)s::float8, %(repository)s, %(path)s, %(start)s, %(end)s)
ORDER BY -doubt, repository, path, start_line, end_line LIMIT %(limit)s
"""

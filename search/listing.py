"""All that the filters of a query without text keep, in the order of paths."""

from __future__ import annotations

from search import definitions, places
from search.candidates import relaxation, sql
from search.candidates.scopes import ROWS, Scope
from search.ranking.paging import Key, Position
from search.request import SearchRequest
from search.results import Answer, Compared, Result

COMPARED = 400
"""Definitions that are counted on the first page, in the order in which they are listed."""


def answer(request: SearchRequest) -> Answer:
    """A page of definitions, identical code being one, without scores. Raises `UnknownRepository`
    and `SearchTimeout`."""
    scope, notice = relaxation.scope_for(request.user, request.query)
    scope = scope.added_by(request.added_by)
    before = request.after.shown if request.after else 0
    most = request.limit + 1 if before else max(request.limit + 1, COMPARED)
    found = _texts(scope, most, before)
    texts = [text for text, _ in found]
    shown = texts[: request.limit]
    located = places.places_of_texts(shown, scope)
    loaded = definitions.load_definitions(located)
    results = [Result(loaded[text], 0.0) for text in shown if text in loaded]
    cursors = [
        Position(number, _key(result)).written()
        for number, result in enumerate(results, before + 1)
    ]
    return Answer(
        request.query.typed,
        results,
        [notice] if notice else [],
        before=before,
        next=cursors[-1] if cursors and len(texts) > request.limit else "",
        cursors=cursors,
        compared=[] if before else [compared for _, compared in found],
        is_complete=not before and len(found) < most,
    )


def _key(result: Result) -> Key:
    place = result.definition.place
    return Key(0, 0.0, place.path, place.start_line, place.end_line)


def _texts(scope: Scope, limit: int, before: int) -> list[tuple[int, Compared]]:
    """Each text counts at its shortest path, where it is shown."""
    listed = (
        "SELECT DISTINCT ON (definition.text_id) definition.text_id, file.branch_id, file.path,"
        " definition.kind, definition.start_line, file.id, file.blob_id"
        f" FROM {ROWS} WHERE {scope.condition}"
        " ORDER BY definition.text_id, length(file.path), file.path, definition.start_line, file.id"
    )
    selected = sql.rows(
        "SELECT text_id, branch_id, path, blob.language, kind FROM"
        f" (SELECT * FROM ({listed}) AS listed ORDER BY path, start_line, id, text_id"
        f" LIMIT {limit} OFFSET {before}) AS page"
        " JOIN codeindex_blob AS blob ON blob.id = page.blob_id"
        " ORDER BY path, start_line, page.id, text_id",
        scope.parameters,
    )
    return [(text, Compared(*compared)) for text, *compared in selected]

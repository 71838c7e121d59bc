"""What is shown of a definition: its source, its docstring, the names that its code suggests, what
of it the language model has not read."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from codeindex.models import Embedding, EmbeddingState, SpaceState
from search.candidates import sql
from search.places import PLACES
from search.results import Found, Place


def of(places: Mapping[int, Sequence[Place]]) -> dict[int, Found]:
    """text → what is found at the first of its places, which must be visible to who asks."""
    first = {found[0].definition_id: found for found in places.values()}
    shown = {
        definition: Found(
            place=first[definition][0],
            language=language,
            lines=lines,
            docstring=docstring,
            predicted_names=[(name, score) for name, score in json.loads(names or "[]")],
            other_places=first[definition][1 : 1 + PLACES],
            has_more_places=len(first[definition]) > 1 + PLACES,
        )
        for definition, language, docstring, lines, names in sql.rows(
            SHOWN, {"definitions": sql.array(first)}
        )
    }
    return {text: shown[found[0].definition_id] for text, found in places.items()}


def unread(text: int) -> str:
    """What the language model has not read of a text; empty where it has read all, or where there
    is no vector."""
    vectors = Embedding.objects.filter(
        text=text, space__state=SpaceState.ACTIVE, state=EmbeddingState.READY
    )
    return vectors.values_list("reason", flat=True).first() or ""


SHOWN = """
SELECT definition.id, blob.language, definition.docstring,
       (string_to_array(blob.content, E'\\n'))[definition.start_line:definition.end_line],
       (SELECT own.predicted_names FROM codeindex_embedding AS own
        JOIN codeindex_space AS space ON space.id = own.space_id
        WHERE own.text_id = definition.text_id AND space.state = 'active' AND own.state = 'ready')
FROM codeindex_definition AS definition
JOIN codeindex_blob AS blob ON blob.id = definition.blob_id
WHERE definition.id = ANY(%(definitions)s::bigint[])
"""

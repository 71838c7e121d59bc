"""The contents of definitions that are shown: source, docstring, predicted names, and what of the
text the language model has not read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser, User

from codeindex.models import Definition, Embedding, EmbeddingState, SourceFile, SpaceState
from search.candidates import sql
from search.candidates.scopes import scope_for
from search.places import MAX_OTHER_PLACES, place_in_file, places_of_texts
from search.results import FoundDefinition, Place


@dataclass(frozen=True, slots=True)
class WholeDefinition:
    """A definition as its page shows it. `unread` is what `unread_part` says."""

    found: FoundDefinition
    unread: str


def load_definitions(places: Mapping[int, Sequence[Place]]) -> dict[int, FoundDefinition]:
    """text → its definition at the first of its places, which must be visible to whoever asks."""
    by_definition = {own[0].definition_id: own for own in places.values()}
    loaded = {
        definition: FoundDefinition(
            place=by_definition[definition][0],
            language=language,
            lines=lines,
            docstring=docstring,
            predicted_names=_best_first(json.loads(names or "[]")),
            other_places=by_definition[definition][1 : 1 + MAX_OTHER_PLACES],
            has_more_places=len(by_definition[definition]) > 1 + MAX_OTHER_PLACES,
        )
        for definition, language, docstring, lines, names in sql.rows(
            CONTENTS, {"definitions": sql.array_literal(by_definition)}
        )
    }
    return {text: loaded[own[0].definition_id] for text, own in places.items()}


def _best_first(names: Iterable[Sequence[Any]]) -> list[tuple[str, float]]:
    return sorted(((name, score) for name, score in names), key=lambda named: -named[1])


def whole(user: User | AnonymousUser, file: SourceFile, definition: Definition) -> WholeDefinition:
    """A definition in a file that `user` may see, with its other places that they may see."""
    here, text = place_in_file(file, definition), definition.text_id
    visible = places_of_texts([text], scope_for(user)).get(text, [])
    others = [place for place in visible if place.url != here.url]
    return WholeDefinition(load_definitions({text: [here, *others]})[text], unread_part(text))


def unread_part(text: int) -> str:
    """What the language model has not read of a text, in words; empty if it has read all, or if
    there is no vector."""
    vectors = Embedding.objects.filter(
        text=text, space__state=SpaceState.ACTIVE, state=EmbeddingState.READY
    )
    return vectors.values_list("reason", flat=True).first() or ""


CONTENTS = """
SELECT definition.id, text.language, definition.docstring,
       (string_to_array(blob.content, E'\\n'))[definition.start_line:definition.end_line],
       (SELECT own.predicted_names FROM codeindex_embedding AS own
        JOIN codeindex_space AS space ON space.id = own.space_id
        WHERE own.text_id = definition.text_id AND space.state = 'active' AND own.state = 'ready')
FROM codeindex_definition AS definition
JOIN codeindex_blob AS blob ON blob.id = definition.blob_id
JOIN codeindex_text AS text ON text.id = definition.text_id
WHERE definition.id = ANY(%(definitions)s::bigint[])
"""

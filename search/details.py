"""What is shown of a definition: its source, its docstring, the names that its code suggests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from codeindex.models import Definition, Embedding, EmbeddingState, SpaceState
from search.places import PLACES
from search.results import Found, Place


def of(places: Mapping[int, Sequence[Place]]) -> dict[int, Found]:
    """text → what is found at the first of its places, which must be visible to who asks."""
    first = {found[0].definition_id: text for text, found in places.items()}
    definitions = Definition.objects.filter(pk__in=first).select_related("blob")
    names = _predicted_names(places)
    return {
        text: _found(definition, places[text], names.get(text, ()))
        for definition in definitions
        for text in (first[definition.pk],)
    }


def _found(
    definition: Definition, places: Sequence[Place], names: Sequence[tuple[str, float]]
) -> Found:
    lines = definition.blob.content.split("\n")
    return Found(
        place=places[0],
        language=definition.blob.language,
        lines=lines[definition.start_line - 1 : definition.end_line],
        docstring=definition.docstring,
        predicted_names=names,
        other_places=places[1 : 1 + PLACES],
        has_more_places=len(places) > 1 + PLACES,
    )


def _predicted_names(texts: Mapping[int, object]) -> dict[int, list[tuple[str, float]]]:
    ready = Embedding.objects.filter(
        text__in=texts, space__state=SpaceState.ACTIVE, state=EmbeddingState.READY
    )
    return {
        text: [(name, score) for name, score in names]
        for text, names in ready.values_list("text", "predicted_names")
    }

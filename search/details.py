"""What is shown of a definition: its source, its docstring, the names that its code suggests, what
of it the language model has not read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from django.db.models import QuerySet

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


def unread(text: int) -> str:
    """What the language model has not read of a text; empty where it has read all, or where there
    is no vector."""
    return _ready([text]).values_list("reason", flat=True).first() or ""


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
    return {
        text: [(name, score) for name, score in names]
        for text, names in _ready(texts).values_list("text", "predicted_names")
    }


def _ready(texts: Iterable[int]) -> QuerySet[Embedding]:
    """Their vectors in the space that is searched."""
    return Embedding.objects.filter(
        text__in=texts, space__state=SpaceState.ACTIVE, state=EmbeddingState.READY
    )

"""Similar code: what lies nearest to a definition's own vector."""

from __future__ import annotations

from dataclasses import replace

from django.contrib.auth.models import AnonymousUser, User

from codeindex.models import Definition, Embedding, EmbeddingState, SpaceState
from search import details, places, queries, retrieval, scopes
from search.results import Answer, Result
from search.retrieval import Meaning

PENDING = "Nothing can be compared with this yet: its meaning is still being computed."
FAILED = "Nothing can be compared with this: it could not be encoded."


def to(
    user: User | AnonymousUser,
    definition: Definition,
    limit: int | str = queries.DEFAULT_RESULTS,
) -> Answer:
    """The definitions that `user` may see whose vectors are nearest in the active space, without
    those of the same text, scored by their cosine. Whoever calls has seen to it that `user` may see
    the definition itself. Raises `BadQuery` for a limit."""
    limit = queries.checked_limit(limit)
    active = Embedding.objects.filter(text=definition.text_id, space__state=SpaceState.ACTIVE)
    own = active.select_related("space").first()
    if own is None or own.state != EmbeddingState.READY:
        failed = own is not None and own.state == EmbeddingState.FAILED
        return Answer("", [], [FAILED if failed else PENDING])
    found = _nearest(user, definition, Meaning(own.space, own.vector), limit)
    return Answer("", found, [], own.space)


def _nearest(
    user: User | AnonymousUser, definition: Definition, meaning: Meaning, limit: int
) -> list[Result]:
    everything = scopes.of(user)
    others = everything.definitions.exclude(text=definition.text_id)
    near = retrieval.similar(meaning, replace(everything, definitions=others), limit)
    found = details.of(places.of(near, everything.files))
    return [Result(found[text], near[text]) for text in near if text in found]

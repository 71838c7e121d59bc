"""Similar code: the definitions whose vectors are nearest to that of a definition or of pasted
code. Vectors are compared whole, by the text's share of them, or by the code's."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import dedent

import numpy as np
from django.template.defaultfilters import pluralize

import embeddings
from codeindex import audit
from codeindex.audit import Access
from codeindex.models import Definition, Embedding, EmbeddingState, Space, SpaceState
from codeindex.observability import stages
from codeindex.spaces import encoders
from search.candidates import sql, vectors
from search.candidates.scopes import Scope, scope_for
from search.candidates.vectors import QueryVector, Vector
from search.definitions import load_definitions
from search.places import places_of_texts
from search.request import Likeness, PastedCode, SimilarRequest
from search.results import Answer, Result

PENDING = "Similar code cannot be found for this yet: its semantic index is still being built."
FAILED = "Similar code cannot be found for this: it could not be encoded."
INDIVISIBLE = (
    "This vector is not stored in its parts, meaning and structure: choose “as a whole” instead."
)


@dataclass(frozen=True, slots=True)
class Example:
    """What others are compared with: a vector of a space, and the code's share of it, if known."""

    space: Space
    vector: Vector
    structure: Vector | None


def find(request: SimilarRequest) -> Answer:
    """The answer to a request, which the audit notes. Raises `SearchTimeout`."""
    found, example = _answer(request), request.example
    if isinstance(example, PastedCode):
        told = {"text": example.source}
    else:
        told = {"subject": example.qualified_name}
    count = f"{len(found.results)} result{pluralize(found.results)}"
    audit.note(Access.SIMILAR_SEARCHED, request.user, details=count, **told)
    return found


@stages.operation("similar")
@sql.time_limit()
def _answer(request: SimilarRequest) -> Answer:
    """The definitions that the request's user may see whose vectors are nearest to the example's,
    scored by their cosine. For a definition they are those of the active space, without those of
    the same text. Raises `UnknownRepository` and `SearchTimeout`."""
    if isinstance(request.example, PastedCode):
        return _similar_to_code(request, request.example)
    return _similar_to_definition(request, request.example)


def _similar_to_definition(request: SimilarRequest, definition: Definition) -> Answer:
    active = Embedding.objects.filter(text=definition.text_id, space__state=SpaceState.ACTIVE)
    own = active.select_related("space").first()
    if own is None or own.state != EmbeddingState.READY:
        failed = own is not None and own.state == EmbeddingState.FAILED
        return Answer("", [], [FAILED if failed else PENDING])
    example = Example(own.space, own.vector, own.structure)
    others = scope_for(request.user, request.filters).without_text(definition.text_id)
    return _nearest(example, others, request.limit, request.likeness)


def _similar_to_code(request: SimilarRequest, pasted: PastedCode) -> Answer:
    try:
        encoder = encoders.searcher.encoder()
    except embeddings.EncoderUnavailable as reason:
        return Answer("", [], [str(reason)])
    space = Space.objects.filter(fingerprint=encoder.fingerprint).first()
    if space is None:
        return Answer("", [], [PENDING])
    encoded = encoder.encode([dedent(pasted.source)], pasted.language)
    structure = None if encoded.structure is None else encoded.structure[0]
    example = Example(space, encoded.vectors[0], structure)
    scope = scope_for(request.user, request.filters)
    return _nearest(example, scope, request.limit, request.likeness)


def _nearest(example: Example, scope: Scope, limit: int, likeness: Likeness) -> Answer:
    if likeness != Likeness.BOTH and example.structure is None:
        return Answer("", [], [INDIVISIBLE], example.space)
    whole = QueryVector(example.space, example.vector)
    if likeness == Likeness.BOTH:
        similarity, parameters = whole.cosine, whole.parameters
        nearest = vectors.nearest_texts(whole, scope, limit)
    else:
        similarity, parameters = _cosine_of_share(example, whole, likeness)
        nearest = vectors.nearest_texts_by(similarity, parameters, whole, scope, limit)
    scores = vectors.similarities(whole, nearest, similarity, parameters)
    definitions = load_definitions(places_of_texts(scores, scope))
    results = [
        Result(definitions[text], score) for text, score in scores.items() if text in definitions
    ]
    return Answer("", sorted(results, key=_rank), [], example.space, exact=scope.is_small)


def _rank(result: Result) -> tuple[object, ...]:
    """The nearest first. Ties are broken by place: ids would tell whose text was indexed first."""
    place = result.definition.place
    return -result.score, place.path, place.start_line, place.end_line, place.file_id


def _cosine_of_share(
    example: Example, whole: QueryVector, likeness: Likeness
) -> tuple[str, dict[str, object]]:
    """The SQL expression for the cosine of the text's share, or the code's, of the example's vector
    and of a row's; and the parameters of that and of the whole vector."""
    assert example.structure is not None
    code = np.asarray(example.structure)
    share, row = {
        Likeness.STRUCTURE: (code, "own.structure"),
        Likeness.MEANING: (np.asarray(example.vector) - code, "own.vector - own.structure"),
    }[likeness]
    similarity = f"(1.0 - ({whole.cast(row)} <=> %(share)s))"
    return similarity, {**whole.parameters, "share": vectors.vector_literal(share)}

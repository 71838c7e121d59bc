"""Similar code: what lies nearest to a definition's own vector, or to that of pasted code, as a
whole, in what the text adds to it, or in what the code adds to it."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import dedent

import numpy as np

import embeddings
from codeindex.models import Definition, Embedding, EmbeddingState, Space, SpaceState
from codeindex.spaces import encoders
from search import details, places
from search.candidates import scopes, sql, vectors
from search.candidates.scopes import Scope
from search.candidates.vectors import Meaning, Vector
from search.request import Likeness, PastedCode, SimilarRequest
from search.results import Answer, Result

PENDING = "Nothing can be compared with this yet: its meaning is still being computed."
FAILED = "Nothing can be compared with this: it could not be encoded."
UNDIVIDED = (
    "How much of this vector its text and its code add is not known: only whole vectors can be"
    " compared."
)


@dataclass(frozen=True, slots=True)
class Sample:
    """Code to compare others with: its vector in a space, and what its code added to that."""

    space: Space
    vector: Vector
    structure: Vector | None


@sql.within_time()
def find(request: SimilarRequest) -> Answer:
    """The definitions that the request's user may see whose vectors are nearest to the example's,
    scored by their cosine. To a definition they come from the active space, without those of the
    same text. Raises `TookTooLong`."""
    if isinstance(request.example, PastedCode):
        return _similar_to_code(request, request.example)
    return _similar_to_definition(request, request.example)


def _similar_to_definition(request: SimilarRequest, definition: Definition) -> Answer:
    active = Embedding.objects.filter(text=definition.text_id, space__state=SpaceState.ACTIVE)
    own = active.select_related("space").first()
    if own is None or own.state != EmbeddingState.READY:
        failed = own is not None and own.state == EmbeddingState.FAILED
        return Answer("", [], [FAILED if failed else PENDING])
    sample = Sample(own.space, own.vector, own.structure)
    others = scopes.of(request.user).without(definition.text_id)
    return _nearest(sample, others, request.limit, request.likeness)


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
    sample = Sample(space, encoded.vectors[0], structure)
    return _nearest(sample, scopes.of(request.user), request.limit, request.likeness)


def _nearest(sample: Sample, within: Scope, limit: int, by: Likeness) -> Answer:
    if by != Likeness.BOTH and sample.structure is None:
        return Answer("", [], [UNDIVIDED], sample.space)
    whole = Meaning(sample.space, sample.vector)
    if by == Likeness.BOTH:
        closeness, given = whole.cosine, whole.given
        near = vectors.nearest(whole, within, limit)
    else:
        closeness, given = _by_half(sample, whole, by)
        near = vectors.nearest_by(closeness, given, whole, within, limit)
    scores = vectors.scored(whole, near, closeness, given)
    found = details.of(places.of(scores, within))
    results = sorted(
        (Result(found[text], scores[text]) for text in scores if text in found), key=_rank
    )
    return Answer("", results, [], sample.space, exact=within.is_small)


def _rank(result: Result) -> tuple[object, ...]:
    """The nearest first; equals go by their places, since ids tell whose text was there before."""
    place = result.found.place
    return -result.score, place.path, place.start_line, place.end_line, place.file_id


def _by_half(sample: Sample, whole: Meaning, by: Likeness) -> tuple[str, dict[str, object]]:
    """The cosine of what the text or the code adds to the sample and to a row, and what that and
    the whole vector are given."""
    assert sample.structure is not None
    code = np.asarray(sample.structure)
    half, row = {
        Likeness.STRUCTURE: (code, "own.structure"),
        Likeness.MEANING: (np.asarray(sample.vector) - code, "own.vector - own.structure"),
    }[by]
    closeness = f"(1.0 - ({whole.wide(row)} <=> %(half)s))"
    return closeness, {**whole.given, "half": vectors.as_text(half)}

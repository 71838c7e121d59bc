"""Why a definition matched: the parts of its score in a search, the path-contexts that its code
vector is made of, and how much its text and its code each contribute to its similarity to a
query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import embeddings
from codeindex.models import Definition
from codeindex.spaces import encoders
from embeddings.types import Kind, Leaf, PathContext
from search import engine
from search.candidates import path_rules, relaxation, sql
from search.candidates.retrieval import DEPTHS
from search.places import Location
from search.ranking import evidence, pages
from search.ranking.balance import EVEN
from search.ranking.closeness import closeness
from search.ranking.evidence import WordPlaces
from search.ranking.reasons import Reason
from search.ranking.reasons import reasons as explained
from search.request import SearchRequest
from search.results import Score

if TYPE_CHECKING:
    from embeddings.networks.explanations import Explanation, Shares

SHOWN_CONTEXTS = 10
"""Those with the most attention."""


@dataclass(frozen=True, slots=True)
class Token:
    """A leaf as the source has it, and its line in the file; 0 if the text was composed."""

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Context:
    """A path-context for a reader: `path` names the kinds of nodes, up to the top and down."""

    attention: float
    start: Token
    path: str
    end: Token


@dataclass(frozen=True, slots=True)
class MatchExplanation:
    """The most attended `contexts` of `total`, and the `shares` of the similarity if there was a
    query; or why it is `unavailable`."""

    contexts: Sequence[Context] = ()
    total: int = 0
    shares: Shares | None = None
    unavailable: str = ""


@dataclass(frozen=True, slots=True)
class ScoreExplanation:
    """The score of a definition in a search, as its results have it, with what it comes from;
    `words` are those of the query, which are counted in `texts` definitions. `place` is where the
    code stands that was ranked, since it may stand elsewhere, too."""

    score: Score
    closeness: str
    reasons: Sequence[Reason]
    words: Sequence[WordPlaces]
    texts: int
    place: Location


@sql.time_limit()
def explain_score(request: SearchRequest, definition: Definition) -> ScoreExplanation | None:
    """None if the search does not compare this definition. Raises `UnknownRepository` and
    `SearchTimeout`."""
    query = request.query
    if not query.text:
        return None
    rules = path_rules.active_rules(query, request.order)
    query_vector, _ = engine.vector_for(query, request.balance)
    scope, _ = relaxation.scope_for(request.user, query)
    words = evidence.query_words(query, scope.visible)
    for tiers in range(1, len(DEPTHS) + 1):
        signals = pages.signals(query, words, query_vector, scope, rules, tiers)
        own = next((each for each in signals if each.candidate.text == definition.text_id), None)
        if own or len(signals) < DEPTHS[tiers - 1]:
            break
    if own is None:
        return None
    score, reasons = explained(signals, own, query_vector.balance if query_vector else EVEN)
    return ScoreExplanation(
        score,
        closeness(score) if pages.is_calibrated(query_vector) else "",
        reasons,
        evidence.word_places(query, words, own.candidate),
        scope.visible.texts,
        own.candidate.location,
    )


def explain(definition: Definition, query: str = "") -> MatchExplanation:
    """By the encoder that this process searches with."""
    text = definition.text
    try:
        encoder = encoders.searcher.encoder()
    except embeddings.EncoderUnavailable as reason:
        return MatchExplanation(unavailable=str(reason))
    explanation = encoder.explain(text.body, query or None, text.language)
    contexts = [
        Context(
            attended.attention,
            _token(attended.context.start, explanation, definition),
            _path(attended.context),
            _token(attended.context.end, explanation, definition),
        )
        for attended in explanation.contexts[:SHOWN_CONTEXTS]
    ]
    return MatchExplanation(contexts, len(explanation.contexts), explanation.shares)


def _token(leaf: Leaf, explanation: Explanation, definition: Definition) -> Token:
    source = explanation.source.encode("utf-8", "replace")
    lines_after = source.rstrip(b"\n")[leaf.start_byte :].count(b"\n")
    is_own_source = definition.kind in (Kind.FUNCTION, Kind.METHOD)
    # Counted from the end: the text may begin with a comment above the first line.
    line = definition.end_line - lines_after if is_own_source else 0
    return Token(explanation.quoted(leaf), line)


def _path(context: PathContext) -> str:
    up, down = context.path[: context.top + 1], context.path[context.top + 1 :]
    return " ↓ ".join([" ↑ ".join(up), *down])

"""A request → its answer: what the page, the API and the command line call."""

from __future__ import annotations

from collections.abc import Sequence

import embeddings
from codeindex.models import Space, SpaceState
from codeindex.spaces import encoders, refining
from search import definitions, evidence, excerpts, places, scoring
from search.balance import EVEN, Balance
from search.candidates import lowering, path_rules, phrases, retrieval, sql
from search.candidates.path_rules import Rule
from search.candidates.scopes import Scope
from search.candidates.vectors import QueryVector
from search.closeness import Closeness, closeness
from search.query import lexemes
from search.query.parsing import Query
from search.request import DEFAULT_RESULTS, SearchRequest
from search.results import Answer, Group, Result
from search.scoring import Signal

NEW_MODEL = (
    "The index is being rebuilt for a new model: until it is complete, descriptions do not find"
    " everything."
)

OLD_MODEL = (
    "A new model is being loaded: until then, descriptions do not find the latest definitions."
)

NO_CLOSE_MATCH = "No close match. These results are the nearest."

NOTICES = {SpaceState.ACTIVE: "", SpaceState.BUILDING: NEW_MODEL, SpaceState.RETIRED: OLD_MODEL}
"""By the state of the space that is searched."""

NAMED_REPOSITORIES = 3
"""Repositories that a notice names."""


@sql.time_limit()
def find(request: SearchRequest) -> Answer:
    """What the request's user may see that answers its query: a description, a question, a name, or
    code. Each result is a definition or, by the request's group, a file. Raises `UnknownRepository`
    and `SearchTimeout`."""
    query = request.query
    rules = path_rules.active_rules(query, request.order)
    # First, since the vector is made while the rest goes on
    query_vector, why_words_only = vector_for(query, request.balance)
    scope, about_phrases = phrases.scope_for(request.user, query)
    notices = [
        about_phrases,
        why_words_only,
        _unfinished_notice(scope),
        _refining_notice(query_vector),
    ]
    notices = [notice for notice in notices if notice]
    results = ranked_results(query, query_vector, scope, request.limit, rules, request.group)
    if results and results[0].closeness == Closeness.WEAK:
        notices.insert(0, NO_CLOSE_MATCH)
    words = lexemes.rarest_first(query.words, scope.visible)
    results = excerpts.with_lines(results, words)
    if query_vector is None:
        return Answer(query.typed, results, notices, words=words)
    space = query_vector.space
    refining.refine_first(space, [each.definition.place.definition_id for each in results])
    return Answer(query.typed, results, notices, space, words, scope.is_small)


def ranked_results(
    query: Query,
    query_vector: QueryVector | None,
    scope: Scope,
    limit: int,
    rules: tuple[Rule, ...] = (),
    group: Group = Group.DEFINITION,
) -> list[Result]:
    """The best `limit` texts for the query, identical code being one text; or the best files, by
    their candidates."""
    candidates = signals(query, query_vector, scope, limit, rules)
    scores = scoring.ranked_scores(candidates, query_vector.balance if query_vector else EVEN)
    by_text = {signal.candidate.text: signal for signal in candidates}
    grouped = _grouped([by_text[text] for text in scores], group)
    is_calibrated = query_vector is not None and query_vector.balance == EVEN
    best = list(grouped)[:limit]
    others = [text for first in best for text in grouped[first]]
    order = places.place_order(query.names, rules)
    located = places.places_of_texts([*best, *others], scope, order)
    shown = definitions.load_definitions({text: located[text] for text in best if text in located})
    return [
        Result(
            shown[text],
            scores[text].total,
            scores[text],
            by_text[text].lowered,
            [located[other][0] for other in grouped[text] if other in located],
            closeness(scores[text]) if is_calibrated else "",
        )
        for text in best
        if text in shown
    ]


def signals(
    query: Query,
    query_vector: QueryVector | None,
    scope: Scope,
    limit: int = DEFAULT_RESULTS,
    rules: tuple[Rule, ...] = (),
) -> list[Signal]:
    """All that the ranking knows of the candidates for a query."""
    words = evidence.query_words(query, scope.visible)
    candidates = retrieval.candidates(query, words.all, query_vector, scope, limit, rules)
    locations = [candidate.location for candidate in candidates]
    contents = places.beginnings({location.file for location in locations})
    found = evidence.evidence(query, words, candidates, contents)
    lowered = lowering.reasons(locations, query, rules)
    depths = places.depths(locations)
    return [
        Signal(
            candidate,
            own,
            depths[location.file],
            lowered.get(location.file, ""),
        )
        for candidate, location, own in zip(candidates, locations, found, strict=True)
    ]


def _grouped(ordered: Sequence[Signal], group: Group) -> dict[int, list[int]]:
    """The text of each result → the other texts of its file, if files are the results."""
    if group == Group.DEFINITION:
        return {signal.candidate.text: [] for signal in ordered}
    files: dict[int, list[int]] = {}
    for signal in ordered:
        files.setdefault(signal.candidate.location.file, []).append(signal.candidate.text)
    return {first: others for first, *others in files.values()}


def vector_for(query: Query, balance: Balance = EVEN) -> tuple[QueryVector | None, str]:
    """The query's vector, if there is a space to compare it in, and a notice if there is not, or if
    that space is not the active one."""
    spaces = list(Space.objects.all())
    if not spaces:
        return None, ""
    try:
        encoder = encoders.searcher.encoder(spaces)
    except embeddings.EncoderUnavailable as reason:
        return None, f"The search uses words only, not meaning: {reason}"
    space = next((known for known in spaces if known.fingerprint == encoder.fingerprint), None)
    if space is None:
        return None, NEW_MODEL
    vector = encoders.searcher.vector(query.text, encoder)
    return QueryVector(space, vector, balance), NOTICES[SpaceState(space.state)]


def _refining_notice(query_vector: QueryVector | None) -> str:
    """How far the vectors are refined; empty if none is a draft."""
    percent = refining.refined_percent(query_vector.space) if query_vector else None
    if percent is None:
        return ""
    return f"Results still improve: {percent}% of the quick draft vectors have been refined."


def _unfinished_notice(scope: Scope) -> str:
    """Names the repositories whose semantic index is incomplete; empty if there are none."""
    names = scope.unfinished
    if not names:
        return ""
    listed = ", ".join(names[:NAMED_REPOSITORIES])
    if len(names) > NAMED_REPOSITORIES:
        listed += f" and {len(names) - NAMED_REPOSITORIES} more"
    return (
        f"The semantic index of {listed} is still being built: words find everything there,"
        " descriptions do not yet."
    )

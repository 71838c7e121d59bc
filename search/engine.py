"""A request → its answer: what the page, the API and the command line call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import embeddings
from codeindex import audit
from codeindex.audit import Access
from codeindex.models import Space, SpaceState
from codeindex.spaces import encoders, refining
from search import definitions, evidence, excerpts, paging, places, scoring, spelling
from search.balance import EVEN, Balance
from search.candidates import lowering, path_rules, relaxation, retrieval, sql
from search.candidates.path_rules import Rule
from search.candidates.retrieval import DEPTHS, Candidate
from search.candidates.scopes import Scope
from search.candidates.vectors import QueryVector
from search.closeness import Closeness, closeness
from search.paging import Key, Position
from search.places import Location
from search.query import lexemes
from search.query.parsing import Query
from search.request import SearchRequest
from search.results import Answer, Group, Result, Score
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


Judgement = TypeVar("Judgement")


@dataclass(frozen=True, slots=True)
class Page:
    """A part of the ranked results, with how many come `before` it, and where the `next` one
    begins; None after the last. `positions`: where it would begin after each of these results."""

    results: list[Result]
    before: int
    next: Position | None
    positions: list[Position]


def find(request: SearchRequest) -> Answer:
    """The answer to a request, which the audit notes. Raises as `answer` does."""
    found = answer(request)
    count = f"{len(found.results)} results"
    audit.note(Access.SEARCHED, request.user, details=count, text=request.query.typed)
    return found


@sql.time_limit()
def answer(request: SearchRequest) -> Answer:
    """What the request's user may see that answers its query: a description, a question, a name, or
    code. Each result is a definition or, by the request's group, a file. Raises `UnknownRepository`
    and `SearchTimeout`."""
    query = request.query
    rules = path_rules.active_rules(query, request.order)
    # First, since the vector is made while the rest goes on
    query_vector, why_words_only = vector_for(query, request.balance)
    scope, about_conditions = relaxation.scope_for(request.user, query)
    notices = [
        about_conditions,
        why_words_only,
        _unfinished_notice(scope),
        _refining_notice(query_vector),
    ]
    notices = [notice for notice in notices if notice]
    page = ranked_page(
        query, query_vector, scope, request.limit, rules, request.group, request.after
    )
    results = page.results
    if results and not page.before and results[0].closeness == Closeness.WEAK:
        notices.insert(0, NO_CLOSE_MATCH)
    words = lexemes.rarest_first(query.words, scope.visible)
    found = Answer(
        query.typed,
        excerpts.with_lines(results, words),
        notices,
        words=words,
        correction=_correction(query, page, scope),
        before=page.before,
        next=page.next.written() if page.next else "",
        positions=page.positions,
    )
    if query_vector is None:
        return found
    space = query_vector.space
    refining.refine_first(space, [each.definition.place.definition_id for each in results])
    return replace(found, space=space, exact=scope.is_small)


def ranked_page(
    query: Query,
    query_vector: QueryVector | None,
    scope: Scope,
    limit: int,
    rules: tuple[Rule, ...] = (),
    group: Group = Group.DEFINITION,
    after: Position | None = None,
) -> Page:
    """The best `limit` texts for the query after a position, identical code being one text; or the
    best files, by their candidates."""
    wanted = limit + (after.shown if after else 0)
    for tiers in range(1, len(DEPTHS) + 1):
        candidates = signals(query, query_vector, scope, rules, tiers)
        grouped, scores = _ranked(candidates, query_vector, group)
        is_all = len(candidates) < DEPTHS[tiers - 1]
        # A first page of files may be short: it would have to look at thousands of texts
        if is_all or len(grouped if after else candidates) >= wanted:
            break
    by_text = {signal.candidate.text: signal for signal in candidates}
    keys = [Key.of(by_text[text], scores[text].total) for text in grouped]
    start = paging.start(keys, after)
    best = list(grouped)[start : start + limit]
    end = start + len(best)
    is_last = end == len(grouped) and (is_all or tiers == len(DEPTHS))
    others = [text for first in best for text in grouped[first]]
    order = places.place_order(query.names, rules)
    located = places.places_of_texts([*best, *others], scope, order)
    shown = definitions.load_definitions({text: located[text] for text in best if text in located})
    is_calibrated = query_vector is not None and query_vector.balance == EVEN
    results = [
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
    positions = [
        Position(shown_before, keys[shown_before - 1])
        for shown_before, text in enumerate(best, start + 1)
        if text in shown
    ]
    next_page = None if is_last or not best else Position(end, keys[end - 1])
    return Page(results, start, next_page, positions)


def signals(
    query: Query,
    query_vector: QueryVector | None,
    scope: Scope,
    rules: tuple[Rule, ...] = (),
    tiers: int = 1,
) -> list[Signal]:
    """All that the ranking knows of the candidates for a query, down to as many tiers."""
    words = evidence.query_words(query, scope.visible)
    candidates = retrieval.candidates(query, words.all, query_vector, scope, rules, tiers=tiers)
    contents = places.beginnings({candidate.location.file for candidate in candidates})
    found = evidence.evidence(query, words, candidates, contents)
    lowered = _by_tier(candidates, lambda seen: lowering.reasons(seen, query, rules))
    depths = _by_tier(candidates, places.depths)
    return [
        Signal(candidate, own, depths[file], lowered.get(file, ""))
        for candidate, own in zip(candidates, found, strict=True)
        for file in [candidate.location.file]
    ]


def _by_tier(
    candidates: Sequence[Candidate], judged: Callable[[list[Location]], dict[int, Judgement]]
) -> dict[int, Judgement]:
    """file → what is judged of it beside the candidates up to its own tier."""
    known: dict[int, Judgement] = {}
    for tier in sorted({candidate.tier for candidate in candidates}):
        seen = [candidate.location for candidate in candidates if candidate.tier <= tier]
        known = judged(seen) | known
    return known


def _ranked(
    candidates: Sequence[Signal], query_vector: QueryVector | None, group: Group
) -> tuple[dict[int, list[int]], dict[int, Score]]:
    """The text of each result, the best first, → the other texts of its file; and the scores of
    all."""
    scores = scoring.ranked_scores(candidates, query_vector.balance if query_vector else EVEN)
    by_text = {signal.candidate.text: signal for signal in candidates}
    return _grouped([by_text[text] for text in scores], group), scores


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


def _correction(query: Query, page: Page, scope: Scope) -> str:
    """What the query may have meant, unless something close to it was found: of a name, only what
    has it."""
    close = {Closeness.EXACT} if query.is_name else {Closeness.EXACT, Closeness.STRONG}
    if page.before or any(each.closeness in close for each in page.results):
        return ""
    return spelling.correction(query, scope)


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

"""Candidates → a page of ranked results."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from codeindex.observability import stages
from codeindex.observability.stages import stage
from search import definitions, places
from search.candidates import holdings, lowering, retrieval
from search.candidates.holdings import OfFile
from search.candidates.path_rules import Rule
from search.candidates.retrieval import DEPTHS, Candidate
from search.candidates.scopes import Scope
from search.candidates.vectors import QueryVector
from search.places import Location
from search.query import lexemes
from search.query.parsing import Query
from search.ranking import evidence, paging, scoring
from search.ranking.balance import EVEN
from search.ranking.closeness import closeness
from search.ranking.evidence import QueryWords
from search.ranking.paging import Key, Page, Position
from search.ranking.scoring import Signal
from search.results import Compared, Group, Result, Score

Judgement = TypeVar("Judgement")


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
    with stage("weigh words"):
        words = evidence.query_words(query, scope.visible)
    for tiers in range(1, len(DEPTHS) + 1):
        candidates = signals(query, words, query_vector, scope, rules, tiers)
        with stage("rank"):
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
    with stage("show"):
        located = places.places_of_texts([*best, *others], scope, order)
        shown = definitions.load_definitions(
            {text: located[text] for text in best if text in located}
        )
    stages.count(candidates=len(candidates), results=len(shown))
    results = [
        Result(
            shown[text],
            scores[text].total,
            scores[text],
            by_text[text].lowered,
            [located[other][0] for other in grouped[text] if other in located],
            closeness(scores[text]) if is_calibrated(query_vector) else "",
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
    ordered = lexemes.rarest_first(query.words, words.asked)
    compared = [_compared(by_text[text]) for text in grouped]
    return Page(results, start, next_page, positions, ordered, compared, is_complete=is_all)


def _compared(signal: Signal) -> Compared:
    place = signal.candidate.location
    return Compared(place.branch, place.path, signal.language, place.kind)


def is_calibrated(query_vector: QueryVector | None) -> bool:
    """Whether scores mean the same in every answer."""
    return query_vector is not None and query_vector.balance == EVEN


def signals(
    query: Query,
    words: QueryWords,
    query_vector: QueryVector | None,
    scope: Scope,
    rules: tuple[Rule, ...] = (),
    tiers: int = 1,
) -> list[Signal]:
    """All that the ranking knows of the candidates for a query, down to as many tiers."""
    candidates = retrieval.candidates(query, words.all, query_vector, scope, rules, tiers=tiers)
    with stage("evidence"):
        files = holdings.of_files({each.location.file for each in candidates}, words.all)
        held = {file: own.held for file, own in files.items()}
        found = evidence.evidence(query, words, candidates, held)
    with stage("lower"):
        lowered = _by_tier(candidates, lambda seen: lowering.reasons(seen, query, rules))
        depths = _by_tier(candidates, places.depths)
    return [
        Signal(candidate, own, depths[file], lowered.get(file, ""), _language(files, file))
        for candidate, own in zip(candidates, found, strict=True)
        for file in [candidate.location.file]
    ]


def _language(files: Mapping[int, OfFile], file: int) -> str:
    """Empty for a file that was removed a moment ago."""
    return files[file].language if file in files else ""


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

"""Candidates → results: what the page, the API and the command line call."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import lru_cache
from pathlib import PurePosixPath

from django.contrib.auth.models import AnonymousUser, User

import embeddings
from codeindex.models import Space, SpaceState
from codeindex.spaces import encoders
from embeddings.code.words import analyse
from search import details, places, scoring
from search.balance import EVEN, Balance, checked_balance
from search.candidates import path_rules, retrieval, scopes, sql
from search.candidates.path_rules import Order, Rule
from search.candidates.scopes import Scope
from search.candidates.vectors import Meaning
from search.places import Spot
from search.query import lexemes, parsing
from search.query.filters import Field, Filter
from search.query.lexemes import Lexeme
from search.query.parsing import Query
from search.results import Answer, Group, Result
from search.scoring import Signal

NEW_MODEL = (
    "The vectors of a new model are still being computed: descriptions do not find everything yet."
)

OLD_MODEL = (
    "A new model is being loaded: until then descriptions do not find definitions that are new."
)

NOTICES = {SpaceState.ACTIVE: "", SpaceState.BUILDING: NEW_MODEL, SpaceState.RETIRED: OLD_MODEL}
"""By the state of the space that is searched."""

NAMED_REPOSITORIES = 3
"""Repositories that a notice names."""


@sql.within_time()
def find(
    user: User | AnonymousUser,
    text: str,
    *,
    repository: str = "",
    kept_to: Sequence[Filter] = (),
    limit: int = parsing.DEFAULT_RESULTS,
    order: str = Order.IMPLEMENTATIONS,
    group: str = Group.DEFINITION,
    balance: str = "even",
) -> Answer:
    """What `user` may see that answers `text`: a description, a question, a name, or code.

    `repository` keeps to the repositories of this name (or owner/name), `kept_to` to what it says
    beside the filters in the text. Up to MAX_RESULTS results, each a definition or, by `group`, a
    file; `balance` as in `search.balance`. Raises `BadQuery`, `UnknownRepository` and
    `TookTooLong`.
    """
    own = [Filter(Field.REPOSITORY, repository)] if repository else []
    query = parsing.read(text, [*own, *kept_to])
    limit, by = parsing.checked_limit(limit), parsing.checked_group(group)
    rules = path_rules.rules(query, path_rules.checked_order(order))
    weights = checked_balance(balance)
    # First, since its vector is made meanwhile
    meaning, why_words_only = meaning_of(query, weights)
    within = scopes.of(user, query.filters)
    notices = [notice for notice in (why_words_only, _unfinished(within)) if notice]
    found = ranked(query, meaning, within, limit, rules, by)
    if meaning is None:
        return Answer(query.typed, found, notices, words=query.words)
    return Answer(query.typed, found, notices, meaning.space, query.words, within.is_small)


def ranked(
    query: Query,
    meaning: Meaning | None,
    within: Scope,
    limit: int,
    rules: tuple[Rule, ...] = (),
    group: Group = Group.DEFINITION,
) -> list[Result]:
    """The best `limit` texts for the query, identical code being one text; or the best files of all
    candidates."""
    found = signals(query, meaning, within, limit, rules)
    scores = scoring.ranked(found, meaning.balance if meaning else EVEN)
    by_text = {one.candidate.text: one for one in found}
    grouped = _grouped([by_text[text] for text in scores], group)
    best = list(grouped)[:limit]
    others = [text for first in best for text in grouped[first]]
    lying = places.of([*best, *others], within, places.by(query.symbol, rules))
    shown = details.of({text: lying[text] for text in best if text in lying})
    return [
        Result(
            shown[text],
            scores[text].total,
            scores[text],
            by_text[text].lowered,
            [lying[other][0] for other in grouped[text] if other in lying],
        )
        for text in best
        if text in shown
    ]


def signals(
    query: Query,
    meaning: Meaning | None,
    within: Scope,
    limit: int = parsing.DEFAULT_RESULTS,
    rules: tuple[Rule, ...] = (),
) -> list[Signal]:
    """All that the ranking knows of the candidates for a query."""
    words = lexemes.of(query.words, within.visible)
    found = retrieval.candidates(query, words, meaning, within, limit, rules)
    held = _in_places(words, {one.spot for one in found})
    return [Signal(one, held[one.spot], path_rules.reason(one.spot.path, rules)) for one in found]


def _in_places(words: Sequence[Lexeme], spots: Collection[Spot]) -> dict[Spot, float]:
    """spot → the part of the words, by their weights, that the names of its folders, its file and
    what encloses its definition hold."""
    parts = {spot: {*_words_in(spot.path), *_words_around(spot.name)} for spot in spots}
    stems = lexemes.stems({word for own in parts.values() for word in own})
    whole = sum(lexeme.weight for lexeme in words) or 1.0
    shares = {}
    for spot, own in parts.items():
        held = {stems.get(word) for word in own}
        shares[spot] = sum(lexeme.weight for lexeme in words if lexeme.word in held) / whole
    return shares


@lru_cache(1 << 16)
def _words_around(name: str) -> tuple[str, ...]:
    return analyse(name.rpartition(".")[0])


@lru_cache(1 << 16)
def _words_in(path: str) -> tuple[str, ...]:
    return analyse(str(PurePosixPath(path).with_suffix("")))


def _grouped(ordered: Sequence[Signal], group: Group) -> dict[int, list[int]]:
    """Each text, or each file's first one → the others of its file."""
    if group == Group.DEFINITION:
        return {one.candidate.text: [] for one in ordered}
    files: dict[int, list[int]] = {}
    for one in ordered:
        files.setdefault(one.candidate.spot.file, []).append(one.candidate.text)
    return {first: others for first, *others in files.values()}


def meaning_of(query: Query, balance: Balance = EVEN) -> tuple[Meaning | None, str]:
    """The query's vector, if there is a space to compare it in; a notice where that is wanting."""
    spaces = list(Space.objects.all())
    if not spaces:
        return None, ""
    try:
        encoder = encoders.searcher.encoder(spaces)
    except embeddings.EncoderUnavailable as reason:
        return None, f"Only words are compared, not meaning: {reason}"
    space = next((one for one in spaces if one.fingerprint == encoder.fingerprint), None)
    if space is None:
        return None, NEW_MODEL
    vector = encoders.searcher.vector(query.text, encoder)
    return Meaning(space, vector, balance), NOTICES[space.state]


def _unfinished(within: Scope) -> str:
    """A notice where the meaning of repositories is still being computed."""
    names = within.unfinished
    if not names:
        return ""
    listed = ", ".join(names[:NAMED_REPOSITORIES])
    if len(names) > NAMED_REPOSITORIES:
        listed += f" and {len(names) - NAMED_REPOSITORIES} more"
    return (
        f"Meaning is still being computed for {listed}: words find everything there already, "
        "descriptions not yet."
    )

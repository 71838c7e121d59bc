"""Candidates → results: what the page, the API and the command line call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.contrib.auth.models import AnonymousUser, User

import embeddings
from codeindex import encoders
from codeindex.models import IndexRun, Repository, Space, SpaceState
from search import details, manners, places, queries, retrieval, scopes, scoring
from search.balance import EVEN, Balance, checked_balance
from search.filters import Field, Filter
from search.manners import Order, Rule
from search.queries import Query
from search.results import Answer, Group, Place, Result
from search.scopes import Scope
from search.vectors import Meaning

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


def find(
    user: User | AnonymousUser,
    text: str,
    *,
    repository: str = "",
    kept_to: Sequence[Filter] = (),
    limit: int = queries.DEFAULT_RESULTS,
    order: str = Order.IMPLEMENTATIONS,
    group: str = Group.DEFINITION,
    balance: str = "even",
) -> Answer:
    """What `user` may see that answers `text`: a description, a question, a name, or code.

    `repository` keeps to the repositories of this name (or owner/name), `kept_to` to what it says
    beside the filters in the text. Up to MAX_RESULTS results, each a definition or, by `group`, a
    file; `balance` as in `search.balance`. Raises `BadQuery` and `UnknownRepository`.
    """
    own = [Filter(Field.REPOSITORY, repository)] if repository else []
    query = queries.read(text, [*own, *kept_to])
    limit = queries.checked_limit(limit)
    rules = manners.rules(query, manners.checked_order(order))
    within = scopes.of(user, query.filters)
    meaning, why_words_only = _meaning(query, checked_balance(balance))
    notices = [notice for notice in (why_words_only, _unfinished(within)) if notice]
    by = queries.checked_group(group)
    found = ranked(query, meaning, within, limit, rules, by)
    space = meaning.space if meaning else None
    return Answer(query.typed, found, notices, space, query.words)


def ranked(
    query: Query,
    meaning: Meaning | None,
    within: Scope,
    limit: int,
    rules: Sequence[Rule] = (),
    group: Group = Group.DEFINITION,
) -> list[Result]:
    """The best `limit` texts for the query, identical code being one text; or the best files of all
    candidates."""
    candidates = retrieval.candidates(query, meaning, within, limit, rules)
    scores = scoring.scores(candidates, meaning.balance if meaning else EVEN)
    order = sorted(scores, key=lambda text: (-scores[text].total, text))
    shown = order if group == Group.FILE else order[:limit]
    lying = places.of(shown, within.files, query.symbol, rules)
    grouped = _grouped([text for text in shown if text in lying], lying, group)
    best = list(grouped)[:limit]
    found = details.of({text: lying[text] for text in best})
    aside = {candidate.text for candidate in candidates if candidate.aside}
    return [
        Result(
            found[text],
            scores[text].total,
            scores[text],
            manners.reason(found[text].place.path, rules) if text in aside else "",
            [lying[other][0] for other in grouped[text]],
        )
        for text in best
        if text in found
    ]


def _grouped(
    texts: Sequence[int], lying: Mapping[int, Sequence[Place]], group: Group
) -> dict[int, list[int]]:
    """Each text, or each file's first one → the others of its file."""
    if group == Group.DEFINITION:
        return {text: [] for text in texts}
    files: dict[int, list[int]] = {}
    for text in texts:
        files.setdefault(lying[text][0].file_id, []).append(text)
    return {first: others for first, *others in files.values()}


def _meaning(query: Query, balance: Balance) -> tuple[Meaning | None, str]:
    """The query's vector, if there is a space to compare it in; a notice where that is wanting."""
    if not Space.objects.exists():
        return None, ""
    try:
        encoder = encoders.searcher.encoder()
    except embeddings.EncoderUnavailable as reason:
        return None, f"Only words are compared, not meaning: {reason}"
    space = Space.objects.filter(fingerprint=encoder.fingerprint).first()
    if space is None:
        return None, NEW_MODEL
    vector = encoder.encode_queries([query.text])[0]
    return Meaning(space, vector, balance), NOTICES[space.state]


def _unfinished(within: Scope) -> str:
    """A notice where the meaning of repositories is still being computed."""
    unfinished = IndexRun.objects.filter(finished=None, branch__in=within.branches)
    waiting = Repository.objects.filter(branches__live_run__in=unfinished).order_by("name")
    names = list(waiting.values_list("name", flat=True).distinct())
    if not names:
        return ""
    listed = ", ".join(names[:NAMED_REPOSITORIES])
    if len(names) > NAMED_REPOSITORIES:
        listed += f" and {len(names) - NAMED_REPOSITORIES} more"
    return (
        f"Meaning is still being computed for {listed}: words find everything there already, "
        "descriptions not yet."
    )

"""Candidates → results: what the page, the API and the command line call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.contrib.auth.models import AnonymousUser, User

import embeddings
from codeindex import encoders
from codeindex.models import IndexRun, Repository, Space, SpaceState
from search import details, manners, places, queries, retrieval, scopes
from search.filters import Field, Filter
from search.manners import Order, Rule
from search.queries import Query
from search.results import Answer, Group, Place, Result
from search.retrieval import DEPTH, Candidate, Meaning
from search.scopes import Scope

MEANING, WORDS = 1.0, 1.0
"""Weights, measured with the first shipped checkpoint on development questions: CoSQA (MRR 0.485
by meaning alone, 0.314 by words alone, 0.498 by both) and questions on two repositories (nDCG@10
0.679, 0.673, 0.721). Flat between 0.5 and 1.5; reciprocal ranks gave CoSQA 0.445."""

NAME = 3.0
"""More than meaning (-1 to 1) and words (0 to 1) can make up for: what is named comes first."""

LOWERED = 0.5
"""What tests, examples and other code aside lose: half of what is between the nearest text and the
DEPTHth. Chosen, not measured: no development question has such code among its candidates."""

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
) -> Answer:
    """What `user` may see that answers `text`: a description, a question, a name, or code.

    `repository` keeps to the repositories of this name (or owner/name), `kept_to` to what it says
    beside the filters in the text. Up to MAX_RESULTS results, each a definition or, by `group`, a
    file. Raises `BadQuery` and `UnknownRepository`.
    """
    own = [Filter(Field.REPOSITORY, repository)] if repository else []
    query = queries.read(text, [*own, *kept_to])
    limit = queries.checked_limit(limit)
    rules = manners.rules(query, manners.checked_order(order))
    within = scopes.of(user, query.filters)
    meaning, why_words_only = _meaning(query)
    notices = [notice for notice in (why_words_only, _unfinished(within)) if notice]
    by = queries.checked_group(group)
    found = ranked(query, meaning, within, limit, rules, by)
    return Answer(query.typed, found, notices, meaning.space if meaning else None)


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
    scores = _scores(candidates)
    order = sorted(scores, key=lambda text: (-scores[text], text))
    shown = order if group == Group.FILE else order[:limit]
    lying = places.of(shown, within.files, query.symbol, rules)
    grouped = _grouped([text for text in shown if text in lying], lying, group)
    best = list(grouped)[:limit]
    found = details.of({text: lying[text] for text in best})
    aside = {candidate.text for candidate in candidates if candidate.aside}
    return [
        Result(
            found[text],
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


def _meaning(query: Query) -> tuple[Meaning | None, str]:
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
    return Meaning(space, encoder.encode_queries([query.text])[0]), NOTICES[space.state]


def _scores(candidates: Sequence[Candidate]) -> dict[int, float]:
    """text → the weighted sum of what speaks for it."""
    known = sorted((c.similarity for c in candidates if c.similarity is not None), reverse=True)
    nearest = known[:DEPTH] or [0.0]
    high, low = nearest[0], nearest[-1]
    width = (high - low) or 1.0

    def closeness(similarity: float | None) -> float:
        """1 for the nearest text, 0 for one that is DEPTHth or has no vector yet."""
        return 0.0 if similarity is None else max(-1.0, (similarity - low) / width)

    return {
        candidate.text: MEANING * closeness(candidate.similarity)
        + WORDS * candidate.coverage
        + NAME * candidate.named
        - LOWERED * candidate.aside
        for candidate in candidates
    }


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

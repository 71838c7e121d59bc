"""A request → its answer: what the page, the API and the command line call."""

from __future__ import annotations

from dataclasses import replace

from django.template.defaultfilters import pluralize

import embeddings
from codeindex import audit
from codeindex.audit import Access
from codeindex.databases import replica
from codeindex.models import Space, SpaceState
from codeindex.observability import stages
from codeindex.observability.stages import stage
from codeindex.spaces import encoders, refining
from search import excerpts, listing, spelling
from search.candidates import path_rules, relaxation, sql
from search.candidates.scopes import Scope
from search.candidates.vectors import QueryVector
from search.query.parsing import Query
from search.ranking import pages
from search.ranking.balance import EVEN, Balance
from search.ranking.closeness import Closeness
from search.ranking.paging import Page
from search.request import SearchRequest
from search.results import Answer

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


def find(request: SearchRequest) -> Answer:
    """The answer to a request, which the audit notes. Raises as `answer` does."""
    found = answer(request)
    count = f"{len(found.results)} result{pluralize(found.results)}"
    audit.note(Access.SEARCHED, request.user, details=count, text=request.query.typed)
    return found


@stages.operation("search")
@sql.time_limit()
def answer(request: SearchRequest) -> Answer:
    """What the request's user may see that answers its query: a description, a question, a name, or
    code. Each result is a definition or, by the request's group, a file. Of filters alone, all that
    they keep. Raises `UnknownRepository` and `SearchTimeout`."""
    query = request.query
    if not query.text:
        return listing.answer(request)
    rules = path_rules.active_rules(query, request.order)
    # First, since the vector is made while the rest goes on
    with stage("load encoder"):
        query_vector, why_words_only = vector_for(query, request.balance)
    with stage("scope"):
        scope, about_conditions = relaxation.scope_for(request.user, query)
        scope = scope.added_by(request.added_by)
    notices = [
        about_conditions,
        why_words_only,
        _unfinished_notice(scope),
        _refining_notice(query_vector),
        replica.notice(),
    ]
    notices = [notice for notice in notices if notice]
    page = pages.ranked_page(
        query, query_vector, scope, request.limit, rules, request.group, request.after
    )
    results = page.results
    if results and not page.before and results[0].closeness == Closeness.WEAK:
        notices.insert(0, NO_CLOSE_MATCH)
    with stage("excerpts"):
        excerpted = excerpts.with_lines(results, page.words)
    with stage("correction"):
        correction = _correction(query, page, scope)
    found = Answer(
        query.typed,
        excerpted,
        notices,
        words=page.words,
        correction=correction,
        before=page.before,
        next=page.next.written() if page.next else "",
        cursors=[position.written() for position in page.positions],
        compared=page.compared,
        is_complete=page.is_complete,
    )
    if query_vector is None:
        return found
    space = query_vector.space
    refining.refine_first(space, [each.definition.place.definition_id for each in results])
    return replace(found, space=space, exact=scope.is_small)


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

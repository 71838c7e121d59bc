"""What a saved search finds in code that index runs have added."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from django.core.exceptions import TooManyFieldsSent
from django.http import QueryDict

from codeindex.models import SavedSearch, Space
from codeindex.searches.alerts import MOST_MATCHES, CannotCompare, Match
from search import engine
from search.candidates.sql import SearchTimeout
from search.query.filters import BadQuery
from search.ranking.balance import EVEN
from search.ranking.closeness import Closeness
from search.request import Parameters, SearchRequest, parse_search
from search.results import Group, Result


def parse_saved(saved: SavedSearch) -> SearchRequest:
    """The search as its owner would ask it now. Raises `BadQuery`."""
    return parse_search(saved.owner, parameters_of(saved.asked))


def parameters_of(asked: str) -> Parameters:
    """Those of a query string. Raises `BadQuery`."""
    return dict(query_of(asked).lists())


def query_of(asked: str) -> QueryDict:
    """A query string, read. Raises `BadQuery`."""
    try:
        return QueryDict(asked)
    except TooManyFieldsSent as error:
        raise BadQuery("The query string has too many parameters.", "query") from error


def matches(saved: SavedSearch, runs: Collection[int]) -> list[Match]:
    """The definitions that `runs` have added and that the search finds: exactly or strongly, or all
    that its filters keep where it has no text. Raises `CannotCompare`, and what a search raises."""
    request = replace(
        parse_saved(saved),
        limit=MOST_MATCHES,
        group=Group.DEFINITION,
        balance=EVEN,
        after=None,
        added_by=frozenset(runs),
    )
    try:
        answer = engine.answer(request)
    except SearchTimeout as error:
        raise CannotCompare(str(error)) from error
    if request.query.text and answer.space is None and Space.objects.exists():
        # Without a vector there is no telling what is close
        raise CannotCompare("descriptions cannot be encoded now")
    return [_match(each) for each in answer.results if each.closeness != Closeness.WEAK]


def _match(result: Result) -> Match:
    place = result.definition.place
    return Match(
        repository_id=place.repository_id,
        repository=place.origin.full_name,
        branch=place.branch,
        commit=place.origin.commit,
        path=place.path,
        start_line=place.start_line,
        end_line=place.end_line,
        name=place.qualified_name,
        kind=place.kind,
        closeness=result.closeness,
        permalink=place.permalink,
    )

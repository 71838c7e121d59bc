"""The search form, which is the same for definitions and for lines, and what it sends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest, QueryDict

from codeindex.models import Repository
from search.candidates.path_rules import Order
from search.lines.request import FIELDS, Case, Mode, Words
from search.query import filters, parsing
from search.request import DEFAULT_BALANCE, Parameters
from search.results import Group

BALANCES = {
    "even": "Words, meaning and structure",
    "words": "Mainly words",
    "meaning": "Mainly meaning",
    "structure": "Mainly structure",
}

PAGE_GROUP = Group.FILE.value
"""What a result is on the page, unless the address says otherwise: people ask where something is.
Programs get definitions."""

FILTERS = (filters.REPOSITORY, *filters.PARAMETERS)
"""The parameters that are filters."""

PAGE_POSITION = ("cursor", "limit")
"""What says which part of the results a page shows, and means nothing for other results."""

LINES_POSITION = ("limit", "after")
"""The same of a search for lines, in which `after` is no date."""

MOST_ROWS = 12
"""Lines of a query that its box shows."""

SHARED = ("q", filters.REPOSITORY, *FIELDS)
"""What the search for definitions and that for lines both take."""


@dataclass(frozen=True, slots=True)
class FilterParameter:
    """A filter in the address, beside the query: the form keeps it and shows it. `without` is the
    query string of the same search without it."""

    field: str
    value: str
    without: str

    @property
    def typed(self) -> str:
        """As it would be written in a query."""
        if self.field == filters.REPOSITORY:
            return f"{filters.Field.REPOSITORY}:{self.value}"
        minus = "-" if self.value.startswith("-") else ""
        return f"{minus}{self.field}:{self.value.removeprefix('-')}"


def parameters(request: HttpRequest) -> Parameters:
    return dict(request.GET.lists())


def shared_parameters(request: HttpRequest) -> str:
    """The query string that asks the other kind of search for the same."""
    shared = request.GET.copy()
    for name in shared.keys() - set(SHARED):
        del shared[name]
    return shared.urlencode()


def asks_for_something(request: HttpRequest) -> bool:
    """Whether there is a query or a filter."""
    return any(value.strip() for name in ("q", *FILTERS) for value in request.GET.getlist(name))


def with_filter(asked: QueryDict, field: str, value: str) -> str:
    """The query string of the same search with a filter more."""
    narrowed = first_page(asked)
    narrowed.appendlist(field, value)
    return narrowed.urlencode()


def without_filter(
    asked: QueryDict, field: str, value: str, position: Sequence[str] = PAGE_POSITION
) -> str:
    """The query string of the same search without a filter."""
    widened = first_page(asked, position)
    widened.setlist(field, [each for each in widened.getlist(field) if each != value])
    return widened.urlencode()


def first_page(asked: QueryDict, position: Sequence[str] = PAGE_POSITION) -> QueryDict:
    """What is asked, without what says which part of the results is shown."""
    kept = asked.copy()
    for name in position:
        kept.pop(name, None)
    return kept


def form_context(request: HttpRequest, *, for_lines: bool = False) -> dict[str, Any]:
    """What `search/form.html` needs."""
    text = request.GET.get("q", "")
    options = _line_options(request) if for_lines else _options(request)
    return {
        "nav": "search",
        "for_lines": for_lines,
        "shared": shared_parameters(request),
        "text": text,
        "rows": min(text.count("\n") + 1, MOST_ROWS),
        "autofocus": not text,
        "filters": list(_filters(request.GET, LINES_POSITION if for_lines else PAGE_POSITION)),
        "is_in_repositories": any(map(request.GET.get, (filters.REPOSITORY, "repo"))),
        "repositories": partial(_searchable_repositories, request.user),
        "max_characters": parsing.MAX_CHARACTERS,
        **options,
    }


def _options(request: HttpRequest) -> dict[str, Any]:
    order = request.GET.get("order", Order.IMPLEMENTATIONS.value)
    group = _last(request.GET, "group", PAGE_GROUP)
    balance = request.GET.get("balance") or DEFAULT_BALANCE
    is_changed = (
        order != Order.IMPLEMENTATIONS.value,
        group != PAGE_GROUP,
        balance != DEFAULT_BALANCE,
    )
    return {
        "order": order,
        "group": group,
        "balance": balance,
        "balances": BALANCES,
        "changed_options": sum(is_changed),
    }


def _line_options(request: HttpRequest) -> dict[str, Any]:
    mode = request.GET.get("mode", Mode.TEXT.value)
    match_case = request.GET.get("case") == Case.MATCH.value
    whole_words = request.GET.get("word") == Words.WHOLE.value
    return {
        "mode": mode,
        "match_case": match_case,
        "whole_words": whole_words,
        "changed_options": match_case + whole_words + (mode != Mode.TEXT.value),
    }


def _filters(asked: QueryDict, position: Sequence[str]) -> Iterator[FilterParameter]:
    for field in FILTERS:
        for value in asked.getlist(field):
            if value.strip() and field not in position:
                without = without_filter(asked, field, value, position)
                yield FilterParameter(str(field), value, without)


def _last(asked: QueryDict, name: str, default: str) -> str:
    return asked.getlist(name)[-1] if name in asked else default


def _searchable_repositories(user: User | AnonymousUser) -> int:
    """How many repositories `user` may see that have a live index."""
    visible = Repository.objects.visible_to(user).filter(branches__live_run__isnull=False)
    return visible.distinct().count()

"""The search form, which is the same for definitions and for lines, and what it sends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from search.candidates.path_rules import Order
from search.lines.request import FIELDS, Case, Mode, Words
from search.query import filters, parsing
from search.request import DEFAULT_BALANCE, Parameters
from search.results import Group
from search.web.choices import repository_choices

BALANCES = {
    "even": "Words, meaning and structure",
    "words": "Mainly words",
    "meaning": "Mainly meaning",
    "structure": "Mainly structure",
}

PAGE_GROUP = Group.FILE.value
"""What a result is on the page, unless the address says otherwise: people ask where something is.
Programs get definitions."""

SHARED = ("q", filters.REPOSITORY, *FIELDS)
"""What the search for definitions and that for lines both take."""


@dataclass(frozen=True, slots=True)
class FilterParameter:
    """A filter in the address, beside the query: the form keeps it and shows it."""

    field: str
    value: str

    @property
    def typed(self) -> str:
        """As it would be written in a query."""
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
    names = ("q", filters.REPOSITORY, *filters.PARAMETERS)
    return any(value.strip() for name in names for value in request.GET.getlist(name))


def form_context(request: HttpRequest, *, for_lines: bool = False) -> dict[str, Any]:
    """What `search/form.html` needs."""
    return {
        "nav": "search",
        "for_lines": for_lines,
        "shared": shared_parameters(request),
        "text": request.GET.get("q", ""),
        "repository": request.GET.get("repository", ""),
        "filters": [
            FilterParameter(field.value, value)
            for field in filters.PARAMETERS
            for value in request.GET.getlist(field)
            if value.strip()
        ],
        "order": request.GET.get("order", Order.IMPLEMENTATIONS.value),
        "group": request.GET.get("group", PAGE_GROUP),
        "balance": request.GET.get("balance") or DEFAULT_BALANCE,
        "balances": BALANCES,
        "mode": request.GET.get("mode", Mode.TEXT.value),
        "match_case": request.GET.get("case") == Case.MATCH.value,
        "whole_words": request.GET.get("word") == Words.WHOLE.value,
        "repositories": repository_choices(request.user),
        "max_characters": parsing.MAX_CHARACTERS,
    }

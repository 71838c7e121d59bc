"""The list of repositories: filtered, ordered, a page at a time."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django import forms
from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from codeindex import audit, repository_lists
from codeindex.audit import Access
from codeindex.integrations import imports
from codeindex.models import Repository, Visibility
from codeindex.repository_lists import LONGEST_NAME, Order, State, Wanted
from codeindex.web import audience, overview
from codeindex.web.overview import LABELS

ROWS = 50
"""On a page."""

MOST_PAGES = 10_000

DESCENDING = "-"
"""Before the name of an order, as in `sort=-indexed`."""

SORTS = [sign + order.value for order in Order for sign in ("", DESCENDING)]


class ListForm(forms.Form):
    name = forms.CharField(
        required=False,
        max_length=LONGEST_NAME,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": "owner/name"}),
    )
    state = forms.ChoiceField(
        required=False,
        choices=[("", "any"), *((state.value, LABELS[state]) for state in State)],
    )
    visibility = forms.ChoiceField(required=False, choices=[("", "any"), *Visibility.choices])
    sort = forms.ChoiceField(
        required=False, choices=[(sort, sort) for sort in SORTS], widget=forms.HiddenInput
    )
    page = forms.IntegerField(
        required=False, min_value=1, max_value=MOST_PAGES, widget=forms.HiddenInput
    )

    @property
    def wanted(self) -> Wanted:
        given = self.cleaned_data
        return Wanted(given["name"], given["state"], given["visibility"])

    @property
    def order(self) -> tuple[Order, bool]:
        """What the list is ordered by, and whether in descending order."""
        sort = self.cleaned_data["sort"] or Order.NAME.value
        return Order(sort.removeprefix(DESCENDING)), sort.startswith(DESCENDING)


@dataclass(frozen=True, slots=True)
class Heading:
    """A column's heading: the value of its aria-sort, and the query string that orders by it."""

    label: str
    sorted: str
    address: str
    is_number: bool


@require_safe
def repository_list(request: HttpRequest) -> HttpResponse:
    form = ListForm(request.GET)
    context = {"nav": "repositories", "form": form, "may_import": imports.is_allowed(request.user)}
    if not form.is_valid():
        return render(request, "codeindex/repositories.html", context, status=400)
    visible = Repository.objects.visible_to(request.user).with_audience()
    matching = repository_lists.matching(visible, form.wanted)
    audit.note(Access.REPOSITORIES_LISTED, request.user, text=form.wanted.name)
    order, is_descending = form.order
    rows = repository_lists.ordered(matching, order, descending=is_descending)
    shown = Paginator(rows, ROWS).get_page(form.cleaned_data["page"] or 1)
    context |= {
        "shown": shown,
        "listed": [
            (each, audience.describe(each.repository))
            for each in overview.for_repositories(shown.object_list)
        ],
        "is_filtered": form.wanted != Wanted(),
        "headings": [_heading(request, each, order, is_descending) for each in Order],
        **_around(request, shown),
    }
    return render(request, "codeindex/repositories.html", context)


def _heading(request: HttpRequest, column: Order, order: Order, is_descending: bool) -> Heading:
    is_ascending_now = column == order and not is_descending
    state = "none"
    if column == order:
        state = "descending" if is_descending else "ascending"
    sort = (DESCENDING if is_ascending_now else "") + column.value
    address = _address(request, sort=sort)
    return Heading(column.label, state, address, column == Order.DEFINITIONS)


def _around(request: HttpRequest, shown: Page[Repository]) -> dict[str, str]:
    """The query strings of the pages before and after, "" where there is none."""
    before = shown.previous_page_number() if shown.has_previous() else None
    after = shown.next_page_number() if shown.has_next() else None
    return {
        "before": _address(request, page=str(before)) if before else "",
        "after": _address(request, page=str(after)) if after else "",
    }


def _address(request: HttpRequest, **more: str) -> str:
    """The query string with other values; a new order begins with the first page."""
    kept = {name: value for name, value in request.GET.items() if value and name != "page"}
    return urlencode(kept | more)

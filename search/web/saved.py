"""The page of recent and saved searches: parse, call one function, render."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from codeindex.accounts.authentication import signed_in_user
from codeindex.models import SavedSearch
from codeindex.searches import alerts, recent, saved
from search.new_code import parameters_of, query_of
from search.query.filters import BadQuery
from search.request import parse_search
from search.web.form import first_page

SHOWN_ALERTS = 3
"""Of each saved search."""


class SavedSearchForm(forms.Form):
    """Names a search, and says whether it alerts."""

    name = forms.CharField(max_length=200)
    asked = forms.CharField(max_length=recent.MOST_CHARACTERS, widget=forms.HiddenInput)
    alerts = forms.BooleanField(required=False)
    mail = forms.BooleanField(required=False)


class AlertsForm(forms.Form):
    alerts = forms.BooleanField(required=False)
    mail = forms.BooleanField(required=False)


def checked(user: User, asked: str) -> str:
    """The query string of a search from its first result on. Raises `BadQuery`."""
    written = first_page(query_of(asked)).urlencode()
    if len(written) > recent.MOST_CHARACTERS:
        raise BadQuery(
            f"The query string is longer than {recent.MOST_CHARACTERS:,} characters once it is"
            " encoded. Leave out what the search does not need.",
            "query",
        )
    parse_search(user, parameters_of(written))
    return written


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def searches(request: HttpRequest) -> HttpResponse:
    """A user's own searches; saves one."""
    if request.method != "POST":
        return _page(request)
    user, form = signed_in_user(request), SavedSearchForm(request.POST)
    if form.is_valid():
        try:
            asked = checked(user, form.cleaned_data.pop("asked"))
            made = saved.save(user, asked=asked, **form.cleaned_data)
        except BadQuery as error:
            form.add_error(None, str(error))
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, f"The search “{made.name}” has been saved.")
            return redirect("searches")
    return _page(request, form)


@login_required
@require_POST
def change_alerts(request: HttpRequest, pk: int) -> HttpResponse:
    row, form = _own(request, pk), AlertsForm(request.POST)
    form.is_valid()
    try:
        saved.change_alerts(row, **form.cleaned_data)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        state = "on" if row.alerting else "off"
        messages.success(request, f"Alerts of “{row.name}” are {state}.")
    return redirect("searches")


@login_required
@require_POST
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    row = _own(request, pk)
    saved.remove(row)
    messages.success(request, f"The search “{row.name}” has been removed.")
    return redirect("searches")


@login_required
@require_POST
def clear_recent(request: HttpRequest) -> HttpResponse:
    recent.clear(signed_in_user(request))
    messages.success(request, "Your recent searches have been cleared.")
    return redirect("searches")


def _own(request: HttpRequest, pk: int) -> SavedSearch:
    return get_object_or_404(saved.owned_by(signed_in_user(request)), pk=pk)


def _page(request: HttpRequest, form: SavedSearchForm | None = None) -> HttpResponse:
    user = signed_in_user(request)
    context: dict[str, Any] = {
        "nav": "searches",
        "form": form,
        "recent": recent.latest(user),
        "are_kept": recent.are_kept(),
        "saved": [
            (search, _latest_alerts(search)) for search in saved.owned_by(user).order_by("name")
        ],
        "can_mail": saved.mail_is_set_up() and bool(user.email),
    }
    return render(request, "search/searches.html", context, status=400 if form else 200)


def _latest_alerts(search: SavedSearch) -> list[tuple[Any, list[dict[str, Any]]]]:
    """Those with something that the user may still see."""
    latest = search.alerts.select_related("search__owner")[:SHOWN_ALERTS]
    with_matches = [(alert, alerts.shown(alert)) for alert in latest]
    return [(alert, matches) for alert, matches in with_matches if matches]

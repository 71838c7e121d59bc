"""The page of doubtful names: filters, exports, and dismissals by whoever manages a repository."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, islice
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from codeindex import exports
from codeindex.accounts.authentication import signed_in_user
from codeindex.accounts.limits import throttles
from codeindex.exports import CONTENT_TYPES, Format
from codeindex.models import Definition, Repository
from codeindex.quality import branches, dismissals, names
from codeindex.quality.names import BadCursor, Filters
from codeindex.quality.statements import TooSlow
from codeindex.web import errors
from codeindex.web.access import managed_repository
from codeindex.web.quality.pages import TOO_SLOW, named_repository, of_code
from embeddings.types import Kind

ROWS = 25
"""On a page."""

SHOWN_DISMISSALS = 100
"""The latest ones of a repository."""

MOST_PATH, MOST_LANGUAGE, MOST_ASKED = 500, 20, 2_000

WRONG_FILTERS = (
    f"A filter is not valid. A folder has at most {MOST_PATH} characters, a language at most"
    f" {MOST_LANGUAGE}, and the kind is function or method."
)


class FilterForm(forms.Form):
    folder = forms.CharField(required=False, max_length=MOST_PATH)
    language = forms.CharField(required=False, max_length=MOST_LANGUAGE)
    kind = forms.ChoiceField(
        required=False,
        choices=[("", "any"), (Kind.FUNCTION.value, "functions"), (Kind.METHOD.value, "methods")],
    )


@of_code
def doubtful(
    request: HttpRequest, repository: Repository | None, readable: Sequence[int]
) -> dict[str, Any]:
    form = FilterForm(request.GET)
    try:
        shown = names.page(readable, _filters(form), request.GET.get("cursor", ""), ROWS)
    except BadCursor:
        raise BadRequest("This page of the list does not exist. Start from the first.") from None
    everywhere = branches.readable(request.user) if repository else readable
    return {
        "form": form,
        "doubtful": names.with_namesakes(shown.names, everywhere),
        "next": _asked(request, cursor=shown.next) if shown.next else "",
        "asked": _asked(request),
        "formats": list(Format),
        **_managed(request, repository),
    }


def _filters(form: FilterForm) -> Filters:
    if not form.is_valid():
        raise BadRequest(WRONG_FILTERS)
    return Filters(**form.cleaned_data)


def _asked(request: HttpRequest, **more: str) -> str:
    """The query string, without the place in the list unless it is given."""
    asked = request.GET.copy()
    asked.pop("cursor", None)
    for name, value in more.items():
        asked[name] = value
    return asked.urlencode()


def _managed(request: HttpRequest, repository: Repository | None) -> dict[str, Any]:
    """The repositories whose names the reader may dismiss, and what is dismissed in the one that
    the address names."""
    managed = Repository.objects.managed_by(request.user)
    dismissed = dismissals.managed_by(request.user).filter(repository=repository)
    return {
        "managed": set(managed.values_list("pk", flat=True)),
        "dismissed": list(dismissed[:SHOWN_DISMISSALS]) if repository else [],
    }


@require_safe
@throttles.limited(throttles.SEARCH)
def export(request: HttpRequest, form: str) -> HttpResponseBase:
    if form not in set(Format):
        raise Http404
    readable = branches.readable(request.user, named_repository(request))
    try:
        return exported(readable, _filters(FilterForm(request.GET)), Format(form))
    except TooSlow:
        return errors.error(request, 503, TOO_SLOW)


def exported(readable: Sequence[int], filters: Filters, form: Format) -> StreamingHttpResponse:
    """All names that the filters keep, as a file. Raises `TooSlow` before the file has begun."""
    found = names.every(readable, filters)
    first = list(islice(found, 1))
    rows = (each.row for each in chain(first, found))
    return StreamingHttpResponse(
        exports.lines(rows, names.COLUMNS, form),
        content_type=CONTENT_TYPES[form],
        headers={"Content-Disposition": f'attachment; filename="names.{form.value}"'},
    )


class DismissalForm(forms.Form):
    reason = forms.CharField(required=False, max_length=dismissals.MOST_REASON)


@login_required
@require_POST
def dismiss(request: HttpRequest, pk: int, definition: int) -> HttpResponse:
    repository = managed_repository(request.user, pk)
    form = DismissalForm(request.POST)
    if not form.is_valid():
        raise BadRequest(f"A reason is text of at most {dismissals.MOST_REASON} characters.")
    user, reason = signed_in_user(request), form.cleaned_data["reason"]
    try:
        row = dismissals.dismiss(repository, definition, reason=reason, by=user)
    except Definition.DoesNotExist:
        raise Http404 from None
    except dismissals.TooMany as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{row.qualified_name} is no longer listed.")
    return _back(request, repository)


@login_required
@require_POST
def take_back(request: HttpRequest, pk: int, dismissal: int) -> HttpResponse:
    repository = managed_repository(request.user, pk)
    row = get_object_or_404(repository.dismissed_names, pk=dismissal)
    dismissals.take_back(row, by=signed_in_user(request))
    messages.success(request, f"{row.qualified_name} is listed again while its name is in doubt.")
    return _back(request, repository)


def _back(request: HttpRequest, repository: Repository) -> HttpResponse:
    """To the list as it was asked for, else to that of the repository."""
    asked = QueryDict(request.POST.get("asked", "")[:MOST_ASKED], mutable=True)
    if not asked:
        asked["repository"] = repository.full_name
    return redirect(f"{reverse('quality-names')}?{asked.urlencode()}")

"""What index runs cost, and what was stored already."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from codeindex.operations import ledger
from codeindex.web.access import administered

RUNS = 100


@administered
@require_safe
def page(request: HttpRequest, by: User) -> HttpResponse:
    entries = list(ledger.entries(limit=RUNS))
    context = {
        "nav": "administration",
        "tab": "costs",
        "entries": entries,
        "totals": ledger.totals(entries),
    }
    return render(request, "codeindex/administration/costs.html", context)


@administered
@require_safe
def export(request: HttpRequest, by: User) -> HttpResponseBase:
    return StreamingHttpResponse(
        ledger.as_csv(ledger.entries()),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="costs.csv"'},
    )

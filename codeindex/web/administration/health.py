"""The page Health: what is ready, what waits, and how long things take."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib.auth.models import User
from django.db import Error
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from codeindex.models import Branch
from codeindex.observability import installation, metrics
from codeindex.observability.installation import WORST, Installation, Lag
from codeindex.observability.readiness import readiness
from codeindex.web import plots
from codeindex.web.access import administered
from codeindex.web.administration import times

ROUTES = 12
"""How many of the routes are shown, those with the largest total time."""


@administered
@require_safe
def health(request: HttpRequest, by: User) -> HttpResponse:
    try:
        figures = installation.read()
    except Error:  # too slow, or gone: the rest of the page says which
        figures = None
    taken = times.read(metrics.registry())
    context = {
        "nav": "administration",
        "tab": "health",
        "states": readiness.states(),
        "figures": figures,
        "lags": _named(figures.lags[:WORST]) if figures else [],
        "work": [each for each in figures.done if not each.swept_queue] if figures else [],
        "sweeps": [each for each in figures.done if each.swept_queue] if figures else [],
        "recall": _plot(figures) if figures else None,
        "searches": taken["codeindex_search_seconds"],
        "stages": taken["codeindex_search_stage_seconds"],
        "routes": taken["codeindex_http_request_seconds"][:ROUTES],
    }
    return render(request, "codeindex/administration/health.html", context)


def _named(lags: Sequence[Lag]) -> list[tuple[Branch, Lag]]:
    """Each with its branch; those that were removed a moment ago are left out."""
    branches = Branch.objects.select_related("repository__owner").in_bulk(
        [lag.branch for lag in lags]
    )
    return [(branches[lag.branch], lag) for lag in lags if lag.branch in branches]


def _plot(figures: Installation) -> plots.Plot | None:
    samples = figures.recall_samples
    if not samples:
        return None
    labels = [f"{sample.created:%H:%M}" for sample in samples]
    return plots.lines(labels, [("recall", [sample.recall for sample in samples])])

"""The pages about quality. What a reader sees of code is within the gate; how the search is used,
and how good it is, are for administrators."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import wraps
from typing import Any

from django.contrib.auth.models import User
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe
from psycopg.errors import QueryCanceled

from codeindex import audit
from codeindex.accounts.limits import throttles
from codeindex.audit import Access, Door
from codeindex.models import Evaluation, Repository
from codeindex.quality import branches, clones, documentation, names, usage
from codeindex.web import errors, plots
from codeindex.web.access import administered

MOST_NAME = 300
MOST_FILES = 20
"""Files of questions whose evaluations are plotted."""

EVALUATIONS = 200

TOO_SLOW = (
    "This took too long for everything that you may see. Choose a repository, or ask your"
    " administrator to raise CODEINDEX_SEARCH_SECONDS."
)

View = Callable[[HttpRequest], HttpResponse]


def _of_code(view: Callable[[HttpRequest, Sequence[int]], dict[str, Any]]) -> View:
    """The page that shows what `view` finds in the branches that its reader may see, of all
    repositories or of the one that the address names."""

    @require_safe
    @throttles.limited(throttles.SEARCH)
    @wraps(view)
    def page(request: HttpRequest) -> HttpResponse:
        repository = _named(request)
        readable = branches.readable(request.user, repository)
        try:
            found = view(request, readable)
        except OperationalError as error:
            if isinstance(error.__cause__, QueryCanceled):
                return errors.error(request, 503, TOO_SLOW)
            raise
        context = {"nav": "quality", "tab": view.__name__, "repository": repository, **found}
        return render(request, f"codeindex/quality/{view.__name__}.html", context)

    return page


def _named(request: HttpRequest) -> Repository | None:
    """Raises `Http404` for a hidden repository as for one that does not exist."""
    owner, _, name = request.GET.get("repository", "")[:MOST_NAME].partition("/")
    if not owner:
        return None
    visible = Repository.objects.visible_to(request.user).select_related("owner")
    row = visible.filter(owner__username=owner.replace("\0", ""), name=name.replace("\0", ""))
    if (repository := row.first()) is None:
        raise Http404
    return repository


@_of_code
def coverage(request: HttpRequest, readable: Sequence[int]) -> dict[str, Any]:
    languages = documentation.by_language(readable)
    return {
        "languages": languages,
        "repositories": documentation.by_repository(readable),
        "definitions": sum(each.definitions for each in languages),
        "documented": sum(each.documented for each in languages),
    }


@_of_code
def duplicates(request: HttpRequest, readable: Sequence[int]) -> dict[str, Any]:
    across = request.GET.get("across") == "yes"
    return {
        "found": clones.groups(readable, across=across),
        "near": clones.near_pairs(readable),
        "across": across,
        "lines": clones.LINES,
    }


@_of_code
def doubtful(request: HttpRequest, readable: Sequence[int]) -> dict[str, Any]:
    return {"doubtful": names.doubtful(readable)}


@administered
@require_safe
def searches(request: HttpRequest, by: User) -> HttpResponse:
    """How many there were each day, and what was searched for in vain. Reading that is noted, since
    it shows what others have typed."""
    counted = usage.days()
    by_day: Mapping[Any, dict[str, Any]] = defaultdict(dict)
    for row in counted:
        by_day[row.day][row.door] = row
    today = timezone.now().date()
    days = [today - timedelta(days=past) for past in reversed(range(usage.SHOWN_DAYS))]
    pages = [by_day.get(day, {}).get(Door.PAGE) for day in days]
    followed = [row.followed if row else 0 for row in pages]
    others = [row.searches - row.followed if row else 0 for row in pages]
    audit.note(Access.AUDIT_READ, by, details="questions without results")
    context = {
        "nav": "quality",
        "tab": "searches",
        "plot": plots.bars(
            [f"{day:%d %b}" for day in days],
            [("followed by reading", followed), ("not followed", others)],
        ),
        "doors": _doors(counted),
        "total": sum(followed) + sum(others),
        "questions": usage.questions_without_results(),
        "days": usage.EMPTY_DAYS,
    }
    return render(request, "codeindex/quality/searches.html", context)


def _doors(counted: Sequence[Any]) -> list[tuple[str, int, int, int]]:
    """Each door's searches, those that were followed, and those that found nothing."""
    summed: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for row in counted:
        of_door = summed[row.door]
        for place, value in enumerate((row.searches, row.followed, row.empty)):
            of_door[place] += value
    return [(door, *values) for door, values in sorted(summed.items())]  # type: ignore[misc]


@administered
@require_safe
def evaluations(request: HttpRequest, by: User) -> HttpResponse:
    """The measures of each file of questions over time."""
    by_file: dict[str, list[Evaluation]] = defaultdict(list)
    for row in reversed(Evaluation.objects.exclude(figures=[])[:EVALUATIONS]):
        by_file[row.file].append(row)
    context = {
        "nav": "quality",
        "tab": "evaluations",
        "measures": list(enumerate(Evaluation.MEASURES, 1)),
        "files": [
            (file, _plot(rows), [(row, row.rows()[1][2:]) for row in reversed(rows)])
            for file, rows in list(by_file.items())[:MOST_FILES]
        ],
    }
    return render(request, "codeindex/quality/evaluations.html", context)


def _plot(rows: Sequence[Evaluation]) -> plots.Plot:
    """The measures of all questions together, which are the first figures."""
    series = [
        (measure, [row.figures[0][2 + number][0] for row in rows])
        for number, measure in enumerate(Evaluation.MEASURES)
    ]
    return plots.lines([f"{row.created:%d %b %Y}" for row in rows], series)

"""The pages about quality. What a reader sees of code is within the gate; how the search is used,
and how good it is, are for administrators."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from codeindex import audit
from codeindex.audit import Access, Door
from codeindex.models import Evaluation, Repository
from codeindex.quality import branch_clones, clones, documentation, usage
from codeindex.web import plots
from codeindex.web.access import administered
from codeindex.web.quality.pages import of_code

MOST_FILES = 20
"""Files of questions whose evaluations are plotted."""

EVALUATIONS = 200


@of_code
def coverage(
    request: HttpRequest, repository: Repository | None, readable: Sequence[int]
) -> dict[str, Any]:
    languages = documentation.by_language(readable)
    return {
        "languages": languages,
        "repositories": documentation.by_repository(readable),
        "definitions": sum(each.definitions for each in languages),
        "documented": sum(each.documented for each in languages),
    }


@of_code
def duplicates(
    request: HttpRequest, repository: Repository | None, readable: Sequence[int]
) -> dict[str, Any]:
    across = request.GET.get("across") == "yes"
    found = branch_clones.stored(readable[0], repository) if repository and readable else None
    return {
        "found": found or clones.groups(readable, across=across),
        "near": clones.near_pairs(readable),
        "across": across,
        "lines": clones.LINES,
    }


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

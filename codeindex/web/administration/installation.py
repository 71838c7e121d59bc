"""Spaces, workers and storage."""

from __future__ import annotations

import shutil
from dataclasses import dataclass

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from codeindex import leases, tasks
from codeindex.celery import app
from codeindex.databases import statements
from codeindex.models import Embedding, EmbeddingState, IndexRun, Space, SpaceState
from codeindex.observability import queues
from codeindex.spaces import changes, lifecycle, projection
from codeindex.web import overview
from codeindex.web.access import administered

RUNS = 200

ANSWER_SECONDS = 0.5
"""How long workers may take to say that they are there."""

TABLES = 25


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its indexes, in bytes."""

    name: str
    rows: int
    total: int
    indexes: int


@administered
@require_safe
def spaces(request: HttpRequest, by: User) -> HttpResponse:
    covered = lifecycle.coverage()
    drafts = dict(
        Embedding.objects.filter(draft=True)
        .order_by()
        .values_list("space")
        .annotate(count=Count("pk"))
    )
    listed = [
        (space, covered[space.pk], drafts.get(space.pk, 0), projection.latest(space))
        for space in Space.objects.order_by("pk")
        if space.pk in covered
    ]
    context = {"nav": "administration", "tab": "spaces", "spaces": listed}
    return render(request, "codeindex/administration/spaces.html", context)


@administered
@require_POST
def change_space(request: HttpRequest, by: User, space: int) -> HttpResponse:
    """Does what the button says that was pressed."""
    row = get_object_or_404(Space, pk=space)
    try:
        said = _change(row, request.POST.get("action", ""), by)
    except ValidationError as error:
        messages.error(request, error.messages[0])
    else:
        messages.success(request, said)
    return redirect("admin-spaces")


def _change(space: Space, action: str, by: User) -> str:
    """What was done. Raises `ValidationError`."""
    match action:
        case "activate":
            if missing := changes.activate(space, by=by):
                return f"{space} lacks {missing:,} vectors, which are computed now. Try again then."
            return f"{space} is active. Each web process switches to it once it has its encoder."
        case "retire":
            changes.retire(space, by=by)
            return f"{space} is retired."
        case "pause":
            changes.pause(space, by=by)
            return f"Refining of {space} is paused. A batch that has begun is completed."
        case "resume":
            changes.resume(space, by=by)
            return f"Refining of {space} goes on."
        case "remove" if space.state == SpaceState.RETIRED:
            tasks.request_removal(space, by=by)
            return f"{space} is being removed."
    raise ValidationError("This cannot be done with the space.")


@administered
@require_safe
def workers(request: HttpRequest, by: User) -> HttpResponse:
    """What is in progress and what waits, by the database; and what the broker and the workers
    say."""
    unfinished = IndexRun.objects.filter(finished=None).select_related(
        "branch__repository__owner", "requested_by"
    )
    states, waiting = EmbeddingState, queues.lengths()
    context = {
        "nav": "administration",
        "tab": "workers",
        "runs": [(run, overview.state_of_run(run)) for run in unfinished.order_by("pk")[:RUNS]],
        "count": unfinished.count(),
        "texts": Embedding.objects.exclude(space__state=SpaceState.RETIRED).aggregate(
            pending=Count("pk", filter=Q(state=states.PENDING)),
            failed=Count("pk", filter=Q(state=states.FAILED)),
            drafts=Count("pk", filter=Q(draft=True)),
            held=Count("pk", filter=~leases.FREE & Q(lease__isnull=False)),
        ),
        "queues": None if waiting is None else waiting.items(),
        "workers": None if waiting is None else _workers(),
    }
    return render(request, "codeindex/administration/workers.html", context)


def _workers() -> list[tuple[str, int]]:
    """The workers that answer, each with the number of its processes."""
    answers = app.control.inspect(timeout=ANSWER_SECONDS).stats() or {}
    return sorted(
        (name, int(said.get("pool", {}).get("max-concurrency", 0)))
        for name, said in answers.items()
    )


@administered
@require_safe
def storage(request: HttpRequest, by: User) -> HttpResponse:
    disk = shutil.disk_usage(settings.CODEINDEX_HOME)
    context = {
        "nav": "administration",
        "tab": "storage",
        "database": statements.database_bytes(),
        "tables": _tables(),
        "disk": disk,
        "used": round(100 * disk.used / disk.total),
    }
    return render(request, "codeindex/administration/storage.html", context)


def _tables() -> list[Table]:
    return [Table(*row) for row in statements.rows(_TABLES, [TABLES])]


_TABLES = """
SELECT relname, greatest(reltuples, 0)::bigint, pg_total_relation_size(oid), pg_indexes_size(oid)
FROM pg_class
WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
ORDER BY pg_total_relation_size(oid) DESC LIMIT %s
"""

"""The pages of repositories: parse, call one function, render."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from codeindex import repositories, tasks
from codeindex.accounts.authentication import signed_in_user
from codeindex.accounts.limits import throttles
from codeindex.ingestion import pausing, runs
from codeindex.integrations import imports
from codeindex.models import IndexRun, Repository
from codeindex.web import audience, overview
from codeindex.web.access import managed_repository, visible_repository
from codeindex.web.forms import RegisterForm


@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """Whether this process serves requests. Does not use the database."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
def repository_list(request: HttpRequest) -> HttpResponse:
    visible = Repository.objects.visible_to(request.user).select_related("owner").order_by("name")
    rows = visible.prefetch_related("teams", "people")
    listed = [
        (each, audience.describe(each.repository)) for each in overview.for_repositories(rows)
    ]
    may_import = imports.is_allowed(request.user)
    context = {"nav": "repositories", "listed": listed, "may_import": may_import}
    return render(request, "codeindex/repositories.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def register(request: HttpRequest) -> HttpResponse:
    owner = signed_in_user(request)
    form = RegisterForm(owner, request.POST or None)
    if form.is_valid():
        throttles.INDEX.count(request)
        try:
            repository = repositories.register(owner=owner, by=owner, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            _request_index(request, repository)
            return redirect("repository", repository.pk)
    context = {"nav": "repositories", "form": form}
    return render(request, "codeindex/register.html", context, status=400 if form.errors else 200)


@require_safe
def repository(request: HttpRequest, pk: int) -> HttpResponse:
    row = visible_repository(request.user, pk)
    summary = overview.for_repository(row)
    has_failures = any(run.texts_failed for run in summary.live)
    context = {
        "nav": "repositories",
        "overview": summary,
        "audience": audience.describe(row),
        "runs": [
            (run, overview.duration(run), overview.timings(run))
            for run in overview.runs(row)[: overview.RUNS]
        ],
        "skips": overview.skips(summary.latest),
        "failures": overview.failures(row) if has_failures else [],
        "is_managed": Repository.objects.managed_by(request.user).filter(pk=pk).exists(),
    }
    return render(request, "codeindex/repository.html", context)


@require_safe
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The part of the repository's page that updates itself."""
    row = visible_repository(request.user, pk)
    return render(request, "codeindex/progress.html", {"overview": overview.for_repository(row)})


@login_required
@require_POST
def index_again(request: HttpRequest, pk: int) -> HttpResponse:
    row = managed_repository(request.user, pk)
    throttles.INDEX.count(request)
    _request_index(request, row)
    return redirect("repository", pk)


@login_required
@require_POST
def cancel(request: HttpRequest, pk: int, run: int) -> HttpResponse:
    managed = managed_repository(request.user, pk)
    row = get_object_or_404(IndexRun, pk=run, branch__repository=managed)
    if not runs.cancel(row, by=signed_in_user(request)):
        messages.info(request, "The run could not be cancelled: it has ended.")
    return redirect("repository", pk)


@login_required
@require_POST
def pause(request: HttpRequest, pk: int) -> HttpResponse:
    pausing.pause(managed_repository(request.user, pk), by=signed_in_user(request))
    return redirect("repository", pk)


@login_required
@require_POST
def resume(request: HttpRequest, pk: int) -> HttpResponse:
    tasks.resume(managed_repository(request.user, pk), by=signed_in_user(request))
    return redirect("repository", pk)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    row = managed_repository(request.user, pk)
    if request.method != "POST":
        return render(request, "codeindex/remove.html", {"repository": row, "nav": "repositories"})
    repositories.remove(row, by=signed_in_user(request))
    messages.success(request, f"{row.name} has been removed. Its code no longer appears in search.")
    return redirect("repositories")


def _request_index(request: HttpRequest, row: Repository) -> None:
    """Raises Http404 if the repository has been removed in the meantime."""
    try:
        tasks.request_every_index(repository=row, by=signed_in_user(request))
    except Repository.DoesNotExist as error:
        raise Http404 from error

"""The pages of repositories: parse, call one function, render."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from codeindex import address_lists, repositories, tasks
from codeindex.accounts.authentication import signed_in_user
from codeindex.accounts.limits import throttles
from codeindex.address_lists import Candidate
from codeindex.ingestion import pausing, runs
from codeindex.integrations import freshness, imports
from codeindex.models import Branch, IndexRun, Repository
from codeindex.operations import holdings
from codeindex.operations.forecasting import forecasts
from codeindex.operations.forecasting.forecasts import Compared
from codeindex.operations.holdings import Holdings
from codeindex.web import audience, contents, overview
from codeindex.web.access import managed_repository, visible_repository
from codeindex.web.forms import RegisterForm, RegisterManyForm


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
    may_import = imports.is_allowed(owner)
    context = {"nav": "repositories", "form": form, "may_import": may_import}
    return render(request, "codeindex/register.html", context, status=400 if form.errors else 200)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def register_many(request: HttpRequest) -> HttpResponse:
    """Shows what would be registered of a list, and registers it once none of it is refused."""
    owner = signed_in_user(request)
    form = RegisterManyForm(owner, request.POST or None)
    may_import = imports.is_allowed(owner)
    context: dict[str, Any] = {"nav": "repositories", "form": form, "may_import": may_import}
    if form.is_valid():
        given = form.cleaned_data
        checked = address_lists.check(given["addresses"], owner)
        accepted = [each for each in checked if not each.problem]
        if "register" in request.POST and accepted == checked:
            return _register(request, owner, accepted, given)
        # What is refused may hold a secret, and is not shown again
        again = request.POST.copy()
        again["addresses"] = "\n".join(each.address for each in accepted)
        context |= {
            "form": RegisterManyForm(owner, again),
            "accepted": accepted,
            "refused": [each for each in checked if each.problem],
        }
    status = 400 if form.errors else 200
    return render(request, "codeindex/register_many.html", context, status=status)


def _register(
    request: HttpRequest, owner: User, accepted: list[Candidate], given: dict[str, Any]
) -> HttpResponse:
    throttles.INDEX.count(request)
    teams = list(given.get("teams", ()))
    made = address_lists.register(
        accepted, owner=owner, visibility=given["visibility"], teams=teams
    )
    tasks.request_indexes(Branch.objects.filter(repository__in=made), by=owner)
    messages.success(request, f"Repositories registered: {len(made)}. They are indexed next.")
    return redirect("repositories")


@require_safe
def repository(request: HttpRequest, pk: int) -> HttpResponse:
    row = visible_repository(request.user, pk)
    summary = overview.for_repository(row)
    has_failures = any(run.texts_failed for run in summary.live)
    shown = summary.live[0].branch if summary.live else None
    context = {
        "nav": "repositories",
        "overview": summary,
        "audience": audience.describe(row),
        "schedule": freshness.minutes_between_questions(row),
        "runs": [
            (run, overview.state_of_run(run), overview.duration(run), overview.timings(run))
            for run in overview.runs(row)[: overview.RUNS]
        ],
        "branch": shown,
        "languages": contents.languages(shown) if shown else [],
        "directories": contents.directories(shown) if shown else [],
        "directory_address": f"{reverse('address', args=[row.full_name])}/",
        "skips": overview.skips(summary.latest),
        "failures": overview.failures(row) if has_failures else [],
        "is_managed": Repository.objects.managed_by(request.user).filter(pk=pk).exists(),
        "forecast": _forecast(request, row),
    }
    return render(request, "codeindex/repository.html", context)


def _forecast(request: HttpRequest, row: Repository) -> list[Compared]:
    """What an administrator was told that the first run would cost, beside what it has cost."""
    run = forecasts.first_run(row) if request.user.is_superuser else None
    made = forecasts.forecast_of(run) if run else None
    return forecasts.compare(made, run) if made and run else []


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
    by = signed_in_user(request)
    freed = holdings.only_held_by(row) if by.is_superuser else None
    repositories.remove(row, by=by)
    messages.success(request, f"{row.name} has been removed. Its code no longer appears in search.")
    if freed:
        messages.info(request, _freeing(freed))
    return redirect("repositories")


def _freeing(freed: Holdings) -> str:
    if not freed.definitions:
        return "No definition was in this repository alone, so its removal frees hardly any space."
    return (
        f"Only this repository held {freed.definitions:,} of its definitions. The cleanup deletes"
        f" these after a day, which frees about {filesizeformat(freed.stored_bytes)} and their"
        " share of the indexes for other code."
    )


def _request_index(request: HttpRequest, row: Repository) -> None:
    """Raises Http404 if the repository has been removed in the meantime."""
    try:
        tasks.request_every_index(repository=row, by=signed_in_user(request))
    except Repository.DoesNotExist as error:
        raise Http404 from error

"""The pages of repositories and accounts. They parse, call one function, and show."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from codeindex import repositories, tasks
from codeindex.accounts import throttles, tokens
from codeindex.ingestion import runs
from codeindex.models import IndexRun, Repository
from codeindex.web import overview
from codeindex.web.access import managed_repository, visible_repository
from codeindex.web.forms import RegisterForm, TokenForm


@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """Answers without the database: whether this process serves requests."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
def repository_list(request: HttpRequest) -> HttpResponse:
    visible = Repository.objects.visible_to(request.user).select_related("owner").order_by("name")
    shown = {"nav": "repositories", "overviews": overview.of(visible)}
    return render(request, "codeindex/repositories.html", shown)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def register(request: HttpRequest) -> HttpResponse:
    form = RegisterForm(request.user, request.POST or None)
    if form.is_valid():
        throttles.INDEX.count(request)
        try:
            repository = repositories.register(
                owner=request.user, by=request.user, **form.cleaned_data
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            _request_index(request, repository)
            return redirect("repository", repository.pk)
    shown = {"nav": "repositories", "form": form}
    return render(request, "codeindex/register.html", shown, status=400 if form.errors else 200)


@require_safe
def repository(request: HttpRequest, pk: int) -> HttpResponse:
    row = visible_repository(request.user, pk)
    (told,) = overview.of([row])
    shown = {
        "nav": "repositories",
        "overview": told,
        "runs": [(run, overview.timings(run)) for run in overview.runs(row)],
        "failures": overview.failures(row) if any(run.texts_failed for run in told.live) else [],
        "is_managed": Repository.objects.managed_by(request.user).filter(pk=pk).exists(),
    }
    return render(request, "codeindex/repository.html", shown)


@require_safe
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The part of the repository's page that updates by itself."""
    row = visible_repository(request.user, pk)
    (told,) = overview.of([row])
    return render(request, "codeindex/progress.html", {"overview": told})


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
    if not runs.cancel(row, by=request.user):
        messages.info(request, "The run had ended already, or is searchable.")
    return redirect("repository", pk)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    row = managed_repository(request.user, pk)
    if request.method != "POST":
        return render(request, "codeindex/remove.html", {"repository": row, "nav": "repositories"})
    repositories.remove(row, by=request.user)
    messages.success(request, f"{row.name} is removed: nothing of it is found from now on.")
    return redirect("repositories")


@login_required
@require_safe
def account(request: HttpRequest) -> HttpResponse:
    return _account(request, TokenForm())


@login_required
@require_POST
def new_token(request: HttpRequest) -> HttpResponse:
    """Another token for the API, whose key is shown in this answer and never again."""
    form = TokenForm(request.POST)
    key = ""
    if form.is_valid():
        try:
            key = tokens.issue(request.user, form.cleaned_data["name"], by=request.user)
        except ValidationError as error:
            form.add_error(None, error)
    return _account(request, form, key, status=400 if form.errors else 200)


@login_required
@require_POST
def revoke_token(request: HttpRequest) -> HttpResponse:
    tokens.revoke(request.user, request.POST.get("token", ""), by=request.user)
    return redirect("account")


def _request_index(request: HttpRequest, row: Repository) -> None:
    """A repository that was removed meanwhile is not found."""
    try:
        tasks.request_index(repository=row, by=request.user)
    except Repository.DoesNotExist as error:
        raise Http404 from error


def _account(
    request: HttpRequest, form: TokenForm, key: str = "", status: int = 200
) -> HttpResponse:
    """`key` is that of a token which has just been made."""
    own = tokens.of(request.user)
    shown = {"nav": "account", "tokens": own, "form": form, "key": key}
    return render(request, "codeindex/account.html", shown, status=status)

"""The pages of code hosts and imports: parse, call one function, render."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from codeindex import tasks
from codeindex.accounts.authentication import signed_in_user
from codeindex.integrations import identities, imports
from codeindex.integrations.readers import DIRECTORIES
from codeindex.models import CodeHost, HostReader, Import, Repository
from codeindex.web.integrations.access import own_host, own_import, require_importer
from codeindex.web.integrations.forms import CodeHostForm, HostTokenForm, ImportForm

LISTED = 200
"""The most repositories that a page lists."""


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def code_hosts(request: HttpRequest) -> HttpResponse:
    user = signed_in_user(request)
    require_importer(user)
    form = CodeHostForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            host = imports.add_host(user, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return redirect("code-host", host.pk)
    hosts = imports.hosts_of(user).prefetch_related("imports")
    context = {"nav": "repositories", "hosts": hosts, "form": form}
    return render(request, "codeindex/code_hosts.html", context, status=_status(form))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def code_host(request: HttpRequest, host: int) -> HttpResponse:
    """A code host, and the form that adds an import from it."""
    user = signed_in_user(request)
    row = _host(request, host)
    form = ImportForm(user, request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            added = imports.add_import(
                row,
                form.cleaned_data["namespace"],
                form.filters,
                visibility=form.cleaned_data["visibility"],
                team=form.cleaned_data["team"],
                follows_host=form.cleaned_data["follows_host"],
                branches=form.cleaned_data["branches"],
                tags=form.cleaned_data["tags"],
                by=user,
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            tasks.wake_imports()
            return redirect("import", added.pk)
    return _code_host(request, row, form, HostTokenForm())


@login_required
@require_POST
def change_token(request: HttpRequest, host: int) -> HttpResponse:
    user = signed_in_user(request)
    row = _host(request, host)
    form = HostTokenForm(request.POST)
    if form.is_valid():
        try:
            imports.change_token(row, form.cleaned_data["token"], by=user)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, "The new token is used from now on.")
            return redirect("code-host", row.pk)
    return _code_host(request, row, ImportForm(user), form)


@login_required
@require_POST
def remove_host(request: HttpRequest, host: int) -> HttpResponse:
    row = _host(request, host)
    imports.remove_host(row, by=signed_in_user(request))
    messages.success(request, f"{row.name} has been removed. Its repositories stay registered.")
    return redirect("code-hosts")


@login_required
@require_safe
def imported(request: HttpRequest, source: int) -> HttpResponse:
    row = _import(request, source)
    links = row.repositories.select_related("repository")
    context = {
        "nav": "repositories",
        "import": row,
        "count": links.exclude(repository=None).count(),
        "problems": links.exclude(problem="")[:LISTED],
        "missing": links.exclude(missing=None).exclude(repository=None)[:LISTED],
        "names": row.names[:LISTED],
        "permissions": getattr(row, "permission_sync", None),
        "can_follow": row.host.kind in DIRECTORIES,
        "readers": _readers(row),
    }
    return render(request, "codeindex/import.html", context)


@login_required
@require_POST
def follow_host(request: HttpRequest, source: int) -> HttpResponse:
    row = _import(request, source)
    try:
        imports.follow_host(row, request.POST.get("follow") == "on", by=signed_in_user(request))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    tasks.wake_imports()
    return redirect("import", source)


@login_required
@require_POST
def start(request: HttpRequest, source: int) -> HttpResponse:
    row = _import(request, source)
    imports.start(row, by=signed_in_user(request))
    tasks.wake_imports()
    messages.success(request, "The code host is being asked. Reload this page to see the result.")
    return redirect("import", source)


@login_required
@require_POST
def confirm(request: HttpRequest, source: int) -> HttpResponse:
    imports.confirm(_import(request, source), by=signed_in_user(request))
    tasks.wake_imports()
    return redirect("import", source)


@login_required
@require_POST
def remove_import(request: HttpRequest, source: int) -> HttpResponse:
    row = _import(request, source)
    imports.remove_import(row, by=signed_in_user(request))
    messages.success(
        request, f"{row.namespace} is no longer imported. Its repositories stay registered."
    )
    return redirect("code-host", row.host_id)


def _readers(row: Import) -> dict[str, Any]:
    """What the page says of the readers of an import's repositories."""
    links = row.repositories.exclude(repository=None)
    readers = HostReader.objects.filter(imported__source=row)
    return {
        "repositories": links.filter(repository__in=Repository.objects.followed()).count(),
        "people": readers.values("user").distinct().count(),
        "problems": links.exclude(readers_error="")[:LISTED],
        "can_match": identities.are_known(),
    }


def _code_host(
    request: HttpRequest, row: CodeHost, form: ImportForm, token_form: HostTokenForm
) -> HttpResponse:
    context = {
        "nav": "repositories",
        "host": row,
        "imports": row.imports.all(),
        "form": form,
        "token_form": token_form,
    }
    status = max(_status(form), _status(token_form))
    return render(request, "codeindex/code_host.html", context, status=status)


def _status(form: CodeHostForm | ImportForm | HostTokenForm) -> int:
    return 400 if form.errors else 200


def _host(request: HttpRequest, pk: int) -> CodeHost:
    return own_host(signed_in_user(request), pk)


def _import(request: HttpRequest, pk: int) -> Import:
    return own_import(signed_in_user(request), pk)

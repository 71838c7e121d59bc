"""The settings page of a repository: parse, call one function, render."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from codeindex.accounts.authentication import signed_in_user
from codeindex.models import Repository
from codeindex.web import audience
from codeindex.web.access import managed_repository
from codeindex.web.repository_settings.forms import (
    AccessSection,
    RulesSection,
    Section,
    SourceSection,
)

SECTIONS: tuple[type[Section], ...] = (AccessSection, SourceSection, RulesSection)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: HttpRequest, pk: int, section: type[Section] = AccessSection) -> HttpResponse:
    """Shows all sections, and saves the one that is sent."""
    row, user = managed_repository(request.user, pk), signed_in_user(request)
    data = request.POST if request.method == "POST" else None
    sections = [each(row, user, data if each is section else None) for each in SECTIONS]
    (sent,) = (each for each in sections if isinstance(each, section))
    if sent.is_valid():
        try:
            sent.save(by=user)
        except ValidationError as error:
            sent.add_error(None, error)
        else:
            messages.success(request, sent.saved)
            return _after(user, pk)
    context = {
        "nav": "repositories",
        "repository": row,
        "audience": audience.describe(row),
        "sections": sections,
    }
    return render(
        request, "codeindex/repository_settings.html", context, status=400 if sent.errors else 200
    )


def _after(user: User, pk: int) -> HttpResponse:
    """The page to show next. Users who have withdrawn the repository from their own team may no
    longer open its settings."""
    if Repository.objects.managed_by(user).filter(pk=pk).exists():
        return redirect("repository-settings", pk)
    return redirect("repositories")

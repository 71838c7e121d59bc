"""What the pages about code share: the repository that an address names, and the time limit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from codeindex.accounts.limits import throttles
from codeindex.models import Repository
from codeindex.quality import branches
from codeindex.quality.statements import TooSlow
from codeindex.web import errors

MOST_NAME = 300

TOO_SLOW = (
    "This took too long for everything that you may see. Choose a repository, or ask your"
    " administrator to raise CODEINDEX_SEARCH_SECONDS."
)

View = Callable[[HttpRequest], HttpResponse]


def of_code(
    view: Callable[[HttpRequest, Repository | None, Sequence[int]], dict[str, Any]],
) -> View:
    """The page that shows what `view` finds in the branches that its reader may see, of all
    repositories or of the one that the address names."""

    @require_safe
    @throttles.limited(throttles.SEARCH)
    @wraps(view)
    def page(request: HttpRequest) -> HttpResponse:
        repository = named_repository(request)
        readable = branches.readable(request.user, repository)
        try:
            found = view(request, repository, readable)
        except TooSlow:
            return errors.error(request, 503, TOO_SLOW)
        context = {"nav": "quality", "tab": view.__name__, "repository": repository, **found}
        return render(request, f"codeindex/quality/{view.__name__}.html", context)

    return page


def named_repository(request: HttpRequest) -> Repository | None:
    """Raises `Http404` for a hidden repository as for one that does not exist."""
    owner, _, name = request.GET.get("repository", "")[:MOST_NAME].partition("/")
    if not owner:
        return None
    visible = Repository.objects.visible_to(request.user).select_related("owner")
    row = visible.filter(owner__username=owner.replace("\0", ""), name=name.replace("\0", ""))
    if (repository := row.first()) is None:
        raise Http404
    return repository

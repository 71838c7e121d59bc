"""Who may ask: the repository that a request names, if its user may see or manage it; and what only
administrators may do."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from codeindex.accounts.authentication import signed_in_user
from codeindex.models import Repository

Parameters = ParamSpec("Parameters")
Answer = TypeVar("Answer", bound=HttpResponseBase)

ADMINISTRATORS_ONLY = "Only administrators can do this."


class IsAdministrator(BasePermission):
    message = ADMINISTRATORS_ONLY

    def has_permission(self, request: Request, view: APIView) -> bool:
        return request.user.is_superuser


def require_administrator(user: User | AnonymousUser) -> None:
    """Raises `PermissionDenied` for everyone else."""
    if not user.is_superuser:
        raise PermissionDenied(ADMINISTRATORS_ONLY)


def administered(
    view: Callable[Concatenate[HttpRequest, User, Parameters], Answer],
) -> Callable[Concatenate[HttpRequest, Parameters], Answer]:
    """A page for administrators only. The view receives the administrator as its second
    argument."""

    @login_required
    @wraps(view)
    def page(request: HttpRequest, *args: Parameters.args, **kwargs: Parameters.kwargs) -> Answer:
        require_administrator(request.user)
        return view(request, signed_in_user(request), *args, **kwargs)

    return page  # type: ignore[return-value]  # login_required forgets the parameters


def visible_repository(user: User | AnonymousUser, pk: int) -> Repository:
    """Raises `Http404` for a hidden repository as for one that does not exist."""
    visible = Repository.objects.visible_to(user).select_related("owner")
    return get_object_or_404(visible, pk=pk)


def managed_repository(user: User | AnonymousUser, pk: int) -> Repository:
    """Raises `PermissionDenied` if the user may see the repository, but not manage it; `Http404` if
    they may not see it, or if it has just been removed."""
    managed = Repository.objects.managed_by(user).select_related("owner")
    if repository := managed.filter(pk=pk).first():
        return repository
    visible_repository(user, pk)
    raise PermissionDenied(
        "Only the owner of the repository, maintainers of its teams and administrators can do this."
    )

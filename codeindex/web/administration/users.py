"""Users and their tokens."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from codeindex.accounts import second_factor, tokens, user_administration
from codeindex.models import Token
from codeindex.web.access import administered
from codeindex.web.administration.forms import FilterForm, NewUserForm, PasswordForm
from codeindex.web.forms import DepartureForm

ROWS = 50

ACTIONS: dict[str, Callable[..., None]] = {
    "activate": partial(user_administration.set_active, active=True),
    "deactivate": partial(user_administration.set_active, active=False),
    "promote": partial(user_administration.set_administrator, administrator=True),
    "demote": partial(user_administration.set_administrator, administrator=False),
    "remove-second-factor": user_administration.remove_second_factor,
}


@administered
@require_http_methods(["GET", "HEAD", "POST"])
def users(request: HttpRequest, by: User) -> HttpResponse:
    """The users, a page at a time; a POST creates one."""
    form = NewUserForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        given = form.cleaned_data
        try:
            made = user_administration.create(
                given["username"],
                given["email"],
                given.get("password", ""),
                is_administrator=given["is_administrator"],
            )
        except ValidationError as error:
            form.add_error(None, ValidationError(error.messages))
        else:
            messages.success(request, f"The user {made.get_username()} has been created.")
            return redirect("admin-user", made.get_username())
    context = _listed(request, user_administration.listed) | {"form": form, "tab": "users"}
    status = 400 if form.errors or context["filter"].errors else 200
    return render(request, "codeindex/administration/users.html", context, status=status)


@administered
@require_safe
def user(request: HttpRequest, by: User, user: str) -> HttpResponse:
    return _user_page(request, by, get_object_or_404(User, username=user))


@administered
@require_POST
def change_user(request: HttpRequest, by: User, user: str) -> HttpResponse:
    """Does what the pressed button says: one of ACTIONS, by its name."""
    row = get_object_or_404(User, username=user)
    action = ACTIONS.get(request.POST.get("action", ""))
    if action is None:
        return redirect("admin-user", row.get_username())
    try:
        action(row, by=by)
    except ValidationError as error:
        messages.error(request, error.messages[0])
    return redirect("admin-user", row.get_username())


@administered
@require_POST
def set_password(request: HttpRequest, by: User, user: str) -> HttpResponse:
    row = get_object_or_404(User, username=user)
    form = PasswordForm(row, request.POST)
    if not form.is_valid():
        return _user_page(request, by, row, password=form)
    try:
        user_administration.set_password(row, form.cleaned_data["password"], by=by)
    except ValidationError as error:
        messages.error(request, error.messages[0])
    else:
        said = f"{row.get_username()} has a new password. Their tokens are revoked."
        messages.success(request, said)
    return redirect("admin-user", row.get_username())


@administered
@require_POST
def remove_user(request: HttpRequest, by: User, user: str) -> HttpResponse:
    row = get_object_or_404(User, username=user)
    form = DepartureForm(row, request.POST)
    if row.repositories.exists() and not form.is_valid():
        return _user_page(request, by, row, departure=form)
    given = getattr(form, "cleaned_data", {})
    try:
        user_administration.remove(
            row, heir=given.get("heir"), removes_repositories=given.get("remove", False), by=by
        )
    except ValidationError as error:
        messages.error(request, error.messages[0])
        return redirect("admin-user", row.get_username())
    messages.success(request, f"{row.get_username()} has been removed.")
    return redirect("admin-users")


@administered
@require_http_methods(["GET", "HEAD", "POST"])
def token_list(request: HttpRequest, by: User) -> HttpResponse:
    """All users' tokens; a POST revokes the one whose beginning it names."""
    if request.method == "POST":
        revoked = Token.objects.filter(beginning=request.POST.get("beginning", "")[:20])
        if tokens.revoke_all(revoked, by=by):
            messages.success(request, "The token has been revoked.")
        return redirect("admin-tokens")
    context = _listed(request, _tokens_of) | {"tab": "tokens", "now": timezone.now()}
    status = 400 if context["filter"].errors else 200
    return render(request, "codeindex/administration/tokens.html", context, status=status)


def _tokens_of(name: str = "") -> QuerySet[Token]:
    every = Token.objects.filter(user__username__icontains=name)
    return every.select_related("user").order_by("user__username", "-created", "pk")


def _listed(request: HttpRequest, rows: Callable[[str], QuerySet[Any]]) -> dict[str, Any]:
    form = FilterForm(request.GET)
    given: dict[str, Any] = form.cleaned_data if form.is_valid() else {}
    name = given.get("name", "")
    shown = Paginator(rows(name), ROWS).get_page(given.get("page") or 1)
    return {"nav": "administration", "filter": form, "shown": shown, "name": name}


def _user_page(
    request: HttpRequest,
    by: User,
    row: User,
    *,
    password: PasswordForm | None = None,
    departure: DepartureForm | None = None,
) -> HttpResponse:
    context = {
        "nav": "administration",
        "tab": "users",
        "row": row,
        "is_oneself": row == by,
        "has_second_factor": second_factor.is_set_up(row),
        "teams": row.groups.order_by("name"),
        "owned": row.repositories.order_by("name"),
        "tokens": tokens.of_user(row),
        "password": password or PasswordForm(row),
        "departure": departure or DepartureForm(row),
    }
    status = 400 if password or departure else 200
    return render(request, "codeindex/administration/user.html", context, status=status)

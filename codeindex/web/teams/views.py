"""The pages of teams: parse, call one function, render."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from codeindex.accounts import invitations, teams
from codeindex.accounts.authentication import signed_in_user
from codeindex.models import Repository, Role
from codeindex.web.access import require_administrator
from codeindex.web.teams import access
from codeindex.web.teams.forms import MemberForm, TeamForm


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def team_list(request: HttpRequest) -> HttpResponse:
    """The teams of a user; an administrator sees all, and creates them."""
    user = signed_in_user(request)
    form = TeamForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        require_administrator(user)
    if form.is_valid():
        try:
            team = teams.create(form.cleaned_data["name"], by=user)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return redirect("team", team.pk)
    roles = teams.roles(user)
    seen = [(team, roles.get(team.name)) for team in teams.visible_to(user)]
    context = {
        "nav": "teams",
        "teams": seen,
        "form": form,
        "may_invite": invitations.may_invite(user),
    }
    return render(request, "codeindex/teams.html", context, status=400 if form.errors else 200)


@login_required
@require_safe
def team(request: HttpRequest, pk: int) -> HttpResponse:
    return _team(request, access.visible_team(request.user, pk), MemberForm())


@login_required
@require_POST
def set_member(request: HttpRequest, pk: int) -> HttpResponse:
    """Adds a member, or changes the role of one."""
    user = signed_in_user(request)
    row = access.maintained_team(user, pk)
    form = MemberForm(request.POST)
    if form.is_valid():
        try:
            access.set_member(row, form.cleaned_data["user"], form.cleaned_data["role"], by=user)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return redirect("team", pk)
    return _team(request, row, form)


@login_required
@require_POST
def remove_member(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in_user(request)
    access.remove_member(user, pk, request.POST.get("user", ""))
    is_still_seen = teams.visible_to(user).filter(pk=pk).exists()
    return redirect("team", pk) if is_still_seen else redirect("teams")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def rename(request: HttpRequest, pk: int) -> HttpResponse:
    row = access.administered_team(signed_in_user(request), pk)
    form = TeamForm(request.POST if request.method == "POST" else None, initial={"name": row.name})
    if form.is_valid():
        try:
            teams.rename(row, form.cleaned_data["name"], by=signed_in_user(request))
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return redirect("team", pk)
    context = {"nav": "teams", "team": Group.objects.get(pk=pk), "form": form}
    return render(
        request, "codeindex/rename_team.html", context, status=400 if form.errors else 200
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    row = access.administered_team(signed_in_user(request), pk)
    if request.method != "POST":
        return render(request, "codeindex/remove_team.html", {"nav": "teams", "team": row})
    teams.remove(row, by=signed_in_user(request))
    messages.success(request, f"The team {row.name} has been removed.")
    return redirect("teams")


def _team(request: HttpRequest, row: Group, form: MemberForm) -> HttpResponse:
    user = signed_in_user(request)
    shared = Repository.objects.visible_to(user).filter(teams=row).select_related("owner")
    context = {
        "nav": "teams",
        "team": row,
        "members": teams.members(row),
        "roles": Role.choices,
        "repositories": shared.order_by("name"),
        "is_maintained": teams.maintained_by(user).filter(pk=row.pk).exists(),
        "form": form,
    }
    return render(request, "codeindex/team.html", context, status=400 if form.errors else 200)

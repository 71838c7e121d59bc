"""The pages of invitations: parse, call one function, render."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from codeindex.accounts import invitations, passwords
from codeindex.accounts.authentication import signed_in_user
from codeindex.accounts.invitations import InvitationRefused
from codeindex.accounts.limits import clients, throttles
from codeindex.accounts.sign_on import provider
from codeindex.web.invitations.forms import InvitationForm, SignUpForm

ATTEMPTS = "opened invitations"

PASSWORD_BACKEND = "django.contrib.auth.backends.ModelBackend"  # noqa: S105


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def invitation_list(request: HttpRequest) -> HttpResponse:
    """The open invitations, and a form for one more. Its link is shown in this response and never
    again."""
    user = inviting_user(request)
    data = request.POST if request.method == "POST" else None
    form = InvitationForm(user, data, initial={"team": request.GET.get("team", "")})
    link = ""
    if form.is_valid():
        try:
            secret = invitations.create(**form.cleaned_data, by=user)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            link = request.build_absolute_uri(reverse("join", args=[secret]))
    context = {
        "nav": "teams",
        "invitations": invitations.visible_to(user).select_related("team", "invited_by"),
        "form": form,
        "link": link,
    }
    return render(
        request, "codeindex/invitations.html", context, status=400 if form.errors else 200
    )


@login_required
@require_POST
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    user = signed_in_user(request)
    invitations.revoke(get_object_or_404(invitations.visible_to(user), pk=pk), by=user)
    return redirect("invitations")


@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, secret: str) -> HttpResponse:
    """The page that an invitation's link opens. Users who are signed in join the team; others
    create an account first."""
    rate = settings.CODEINDEX_ADDRESS_LOGIN_RATE
    throttles.count(ATTEMPTS, rate, clients.address(request))
    if invitations.was_accepted_by(request.user, secret):
        return redirect(settings.LOGIN_REDIRECT_URL)
    try:
        if request.method == "POST":
            return _accept(request, secret)
        response = _join(request, secret, SignUpForm())
    except InvitationRefused:
        return render(request, "codeindex/invitation_refused.html", status=404)
    request.session[invitations.SESSION_KEY] = secret
    return response


def inviting_user(request: HttpRequest) -> User:
    """Raises `PermissionDenied` for those who may invite nobody."""
    user = signed_in_user(request)
    if not invitations.may_invite(user):
        raise PermissionDenied("Only administrators and maintainers of a team can invite people.")
    return user


def _accept(request: HttpRequest, secret: str) -> HttpResponse:
    """Raises `InvitationRefused`."""
    invitations.find(secret)
    if request.user.is_authenticated:
        invitations.accept(secret, signed_in_user(request))
    else:
        passwords.require_enabled()
        form = SignUpForm(request.POST)
        if not form.is_valid():
            return _join(request, secret, form)
        user = form.save(commit=False)
        invitations.sign_up(secret, user)
        login(request, user, backend=PASSWORD_BACKEND)
    messages.success(request, "Welcome. You can now search the repositories that you may see.")
    return redirect(settings.LOGIN_REDIRECT_URL)


def _join(request: HttpRequest, secret: str, form: SignUpForm) -> HttpResponse:
    context = {
        "invitation": invitations.find(secret),
        "form": form,
        "has_passwords": settings.CODEINDEX_PASSWORDS,
        "sign_on": provider.display_name(),
    }
    return render(request, "codeindex/join.html", context, status=400 if form.errors else 200)

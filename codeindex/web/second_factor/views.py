"""The second factor: asked for after the password, set up, and removed."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from codeindex.accounts import second_factor
from codeindex.accounts.authentication import signed_in_user
from codeindex.accounts.limits import clients
from codeindex.accounts.second_factor import NewSecret
from codeindex.web.second_factor import session
from codeindex.web.second_factor.forms import CodeForm

EITHER = "Code from your app, or a recovery code"
ONLY_PASSWORDS = (
    "Your account has no password here: the provider that signs you in asks for a second factor."
)


@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Asks for the code after the password."""
    awaited = session.pending_user(request)
    if awaited is None:
        return redirect("login")
    user, pending = awaited
    form = CodeForm(request.POST or None, label=EITHER)
    if _is_right(request, form, user):
        session.sign_in(request, user)
        return HttpResponseRedirect(pending.next)
    context = {"form": form, "name": user.get_username()}
    status = 400 if form.errors else 200
    return render(request, "registration/second_factor_sign_in.html", context, status=status)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def second_factor_page(request: HttpRequest) -> HttpResponse:
    """What is set up, or what there is to do. A session that was opened without a code, and must
    have one, gives it here."""
    user = _user_with_password(request)
    if not second_factor.is_set_up(user):
        return _setting_up(request, user, CodeForm())
    form = CodeForm(request.POST or None, label=EITHER)
    if _is_right(request, form, user):
        return _changed(request, user)
    return _set_up(request, user, form)


@login_required
@require_POST
def set_up(request: HttpRequest) -> HttpResponse:
    """The code shows that the app has the secret. Recovery codes are in this response and nowhere
    else."""
    user = _user_with_password(request)
    secret = request.session.get(session.SECRET)
    if secret is None or second_factor.is_set_up(user):
        return redirect("second-factor")
    form = CodeForm(request.POST)
    if form.is_valid():
        try:
            codes = second_factor.set_up(user, secret, form.cleaned_data["code"])
        except ValidationError as error:
            form.add_error("code", error)
        else:
            del request.session[session.SECRET]
            session.note_passed(request)
            return _recovery_codes(request, codes)
    return _setting_up(request, user, form)


def _is_right(request: HttpRequest, form: CodeForm, user: User) -> bool:
    """Whether the form has a right code."""
    if not form.is_valid():
        return False
    try:
        second_factor.check(user, form.cleaned_data["code"], clients.address(request))
    except ValidationError as error:
        form.add_error("code", error)
        return False
    return True


def _changed(request: HttpRequest, user: User) -> HttpResponse:
    """Does what was asked for with a right code."""
    session.note_passed(request)
    action = request.POST.get("action")
    if action == "remove":
        second_factor.remove(user, by=user)
        messages.success(request, "You now sign in with your password alone.")
        return redirect("account")
    if action == "recovery":
        return _recovery_codes(request, second_factor.new_recovery_codes(user))
    return HttpResponseRedirect(session.next_page(request))


def _user_with_password(request: HttpRequest) -> User:
    """Raises `PermissionDenied` for users of the provider alone."""
    user = signed_in_user(request)
    if not (settings.CODEINDEX_PASSWORDS and user.has_usable_password()):
        raise PermissionDenied(ONLY_PASSWORDS)
    return user


def _setting_up(request: HttpRequest, user: User, form: CodeForm) -> HttpResponse:
    secret = request.session.setdefault(session.SECRET, second_factor.new_secret())
    context = {
        "form": form,
        "new": NewSecret(secret, f"codeindex {request.get_host()}", user.get_username()),
        "is_required": second_factor.is_required(user),
    }
    status = 400 if form.errors else 200
    return render(request, "codeindex/set_up_second_factor.html", context, status=status)


def _set_up(request: HttpRequest, user: User, form: CodeForm) -> HttpResponse:
    is_required = second_factor.is_required(user)
    context = {
        "form": form,
        "is_required": is_required,
        "is_asked": is_required and session.is_by_password_alone(request),
        "left": second_factor.recovery_codes_left(user),
    }
    status = 400 if form.errors else 200
    return render(request, "codeindex/second_factor.html", context, status=status)


def _recovery_codes(request: HttpRequest, codes: list[str]) -> HttpResponse:
    context = {"codes": codes, "next": session.next_page(request)}
    return render(request, "codeindex/recovery_codes.html", context)

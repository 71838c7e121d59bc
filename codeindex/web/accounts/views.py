"""The pages of an account: parse, call one function, render."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from codeindex.accounts import second_factor, tokens
from codeindex.accounts.authentication import signed_in_user
from codeindex.accounts.oauth import grants
from codeindex.accounts.sign_on import provider
from codeindex.web.accounts.forms import TokenForm


@login_required
@require_safe
def account(request: HttpRequest) -> HttpResponse:
    return _account(request, TokenForm())


@login_required
@require_POST
def new_token(request: HttpRequest) -> HttpResponse:
    """Issues an API token. Its key is shown in this response and never again."""
    form = TokenForm(request.POST)
    key = ""
    if form.is_valid():
        try:
            user = signed_in_user(request)
            key = tokens.issue(user, by=user, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
    return _account(request, form, key, status=400 if form.errors else 200)


@login_required
@require_POST
def revoke_token(request: HttpRequest) -> HttpResponse:
    user = signed_in_user(request)
    tokens.revoke(user, request.POST.get("token", ""), by=user)
    return redirect("account")


def _account(
    request: HttpRequest, form: TokenForm, key: str = "", status: int = 200
) -> HttpResponse:
    """`key` belongs to a token that has just been issued."""
    own = tokens.of_user(signed_in_user(request))
    context = {
        "nav": "account",
        "tokens": own,
        "grants": grants.of_user(signed_in_user(request)),
        "form": form,
        "key": key,
        "has_second_factor": second_factor.is_set_up(signed_in_user(request)),
        "has_passwords": settings.CODEINDEX_PASSWORDS,
        "sign_on": provider.display_name(),
        "is_connected": provider.is_connected(signed_in_user(request)),
    }
    return render(request, "codeindex/account.html", context, status=status)

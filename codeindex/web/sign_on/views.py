"""Signing in: parse, call one function, render."""

from __future__ import annotations

import time
from typing import Any

from allauth.socialaccount.providers.base.constants import AuthProcess
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from requests import RequestException

from codeindex.accounts import passwords, second_factor
from codeindex.accounts.limits import clients, throttles
from codeindex.accounts.sign_on import backend, links, provider
from codeindex.web.access import ADMINISTRATORS_ONLY
from codeindex.web.second_factor import session
from codeindex.web.sign_on.adapters import UNREACHABLE, failed

FAULTS = (RequestException, OAuth2Error, LookupError, TypeError, ValueError, ImproperlyConfigured)
"""Raised when a provider is down, or its answer is unusable."""


CONNECTING, CONNECT_SECONDS = "connecting", 300.0
"""The session's key for the time (in seconds) until which it may connect its account, and how long
that is."""

ATTEMPTS = "attempts to sign in"
"""For each, this server sends requests to the provider."""


class SignInView(LoginView):
    """The form for name and password, unless passwords are switched off, and a button for the
    provider, if there is one."""

    def post(self, request: HttpRequest, *arguments: Any, **named: Any) -> HttpResponse:
        passwords.require_enabled()
        return super().post(request, *arguments, **named)

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """The password was right. Who has a second factor signs in with the code."""
        user = form.get_user()
        if not second_factor.is_set_up(user):
            return super().form_valid(form)
        passwords.forgive(self.request)
        session.await_code(self.request, user, self.get_success_url())
        return redirect("second-factor-sign-in")

    def get_context_data(self, **named: Any) -> dict[str, Any]:
        return super().get_context_data(
            **named,
            has_passwords=settings.CODEINDEX_PASSWORDS,
            sign_on=provider.display_name(),
        )


@login_required
@require_POST
def connect(request: HttpRequest) -> HttpResponse:
    """Lets the next sign-on connect the user's account with the one at the provider. That takes a
    form, since a link on somebody else's page must not do it. The Content-Security-Policy lets no
    form lead to the provider, so this page has a link to it."""
    request.session[CONNECTING] = time.time() + CONNECT_SECONDS
    return render(request, "registration/connect.html", {"sign_on": settings.CODEINDEX_OIDC_NAME})


@require_safe
def sign_on(request: HttpRequest) -> HttpResponse:
    """Sends the browser to the provider."""
    _count(request)
    process = AuthProcess.LOGIN
    if request.user.is_authenticated:
        process = AuthProcess.CONNECT
        if request.session.pop(CONNECTING, 0) < time.time():
            return HttpResponseRedirect(_next_page(request) or reverse("account"))
    try:
        response = provider.configured(request).redirect(request, process, _next_page(request))
    except FAULTS as error:
        return failed(request, UNREACHABLE, 503, error)
    assert isinstance(response, HttpResponse)
    return response


@require_safe
def callback(request: HttpRequest) -> HttpResponse:
    """The address to which the provider sends the browser back."""
    _count(request)
    view = OAuth2CallbackView.adapter_view(provider.OpenIDConnect(request, provider.NAME))
    try:
        response = view(request)
    except FAULTS as error:
        return failed(request, UNREACHABLE, 503, error)
    assert isinstance(response, HttpResponse)
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def link(request: HttpRequest, signed: str) -> HttpResponse:
    """A link from `manage.py sign-in-link`. It asks first, since programs open links, too."""
    _count(request)
    user = links.user_of(signed)
    if user is None:
        raise Http404
    if request.method != "POST":
        return render(request, "registration/link.html", {"name": user.get_username()})
    login(request, user, backend=backend.PATH)
    return redirect(settings.LOGIN_REDIRECT_URL)


@require_safe
def admin_sign_in(request: HttpRequest) -> HttpResponse:
    """Replaces the admin site's own form, so that there is one page for signing in."""
    next_page = _next_page(request) or "/admin/"
    if request.user.is_staff:
        return HttpResponseRedirect(next_page)
    if request.user.is_authenticated:
        raise PermissionDenied(ADMINISTRATORS_ONLY)
    return redirect(f"{redirect('login')['Location']}?{urlencode({'next': next_page})}")


def _count(request: HttpRequest) -> None:
    throttles.count(ATTEMPTS, settings.CODEINDEX_ADDRESS_LOGIN_RATE, clients.address(request))


def _next_page(request: HttpRequest) -> str:
    """The page of this server that was asked for; "" without one."""
    page = request.GET.get("next", "")
    is_own = url_has_allowed_host_and_scheme(page, {request.get_host()}, request.is_secure())
    return page if is_own else ""

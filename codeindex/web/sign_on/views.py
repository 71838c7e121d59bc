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
from django.contrib.auth.views import LoginView
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from requests import RequestException

from codeindex.accounts.limits import clients, throttles
from codeindex.accounts.sign_on import backend, links, provider
from codeindex.web.sign_on.adapters import UNREACHABLE, failed

FAULTS = (RequestException, OAuth2Error, LookupError, TypeError, ValueError, ImproperlyConfigured)
"""What comes of a provider that is down, or that answers with something else."""


CONNECTING, CONNECT_SECONDS = "connecting", 300.0
"""The key of a session that may connect its account, until a time in seconds."""

ATTEMPTS = "attempts to sign in"
"""Each makes this server ask the provider."""


class SignInView(LoginView):
    """The form for name and password, unless passwords are switched off, and the way to the
    provider, if there is one."""

    def post(self, request: HttpRequest, *arguments: Any, **named: Any) -> HttpResponse:
        if not settings.CODEINDEX_PASSWORDS:
            raise PermissionDenied("Signing in with a password is switched off.")
        return super().post(request, *arguments, **named)

    def get_context_data(self, **named: Any) -> dict[str, Any]:
        return super().get_context_data(
            **named,
            has_passwords=settings.CODEINDEX_PASSWORDS,
            sign_on=settings.CODEINDEX_OIDC_NAME if provider.is_on() else "",
        )


@login_required
@require_POST
def connect(request: HttpRequest) -> HttpResponse:
    """Lets the next sign-on connect the account of whoever is signed in with the one at the
    provider. A link of somebody else must not do that; and the browser lets no form lead to the
    provider (Content-Security-Policy), so that this page has the link."""
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
            return redirect(_next_page(request) or "account")
    try:
        response = provider.configured(request).redirect(request, process, _next_page(request))
    except FAULTS as error:
        return failed(request, UNREACHABLE, 503, error)
    assert isinstance(response, HttpResponse)
    return response


@require_safe
def callback(request: HttpRequest) -> HttpResponse:
    """Where the provider sends the browser back to."""
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
    """A link of `manage.py sign-in-link`: asks first, since programs open links, too."""
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
    """Instead of the admin site's own form: there is one way to sign in."""
    next_page = _next_page(request) or "/admin/"
    if request.user.is_staff:
        return redirect(next_page)
    if request.user.is_authenticated:
        raise PermissionDenied("Only administrators can do this.")
    return redirect(f"{redirect('login')['Location']}?{urlencode({'next': next_page})}")


def _count(request: HttpRequest) -> None:
    throttles.count(ATTEMPTS, settings.CODEINDEX_ADDRESS_LOGIN_RATE, clients.address(request))


def _next_page(request: HttpRequest) -> str:
    """The page of this server that was asked for; "" without one."""
    page = request.GET.get("next", "")
    is_own = url_has_allowed_host_and_scheme(page, {request.get_host()}, request.is_secure())
    return page if is_own else ""

"""Our part of allauth's sign-on: its decisions, and our pages instead of its own."""

from __future__ import annotations

import logging
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp, SocialLogin
from allauth.socialaccount.providers.base.constants import AuthError
from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from requests import RequestException

from codeindex import audit
from codeindex.accounts import invitations
from codeindex.accounts.invitations import InvitationRefused
from codeindex.accounts.sign_on import backend, groups, identities, rules
from codeindex.accounts.sign_on import provider as oidc
from codeindex.audit import Access

UNREACHABLE = "{} does not respond as it should. Try again later, or tell your administrator."
REFUSED = "The answer of {} could not be verified. Sign in again from the start."
CANCELLED = "You were not signed in, because you or {} cancelled it."
INACTIVE = "Your account has been deactivated. Ask your administrator."
CLOSED = (
    "You have no account here, and may not create one by what {} says about you. Ask your"
    " administrator."
)

logger = logging.getLogger(__name__)


def failed(request: HttpRequest, reason: str, status: int, details: object = "") -> HttpResponse:
    """The page that says why nobody was signed in. `details` are for the log."""
    said = reason.format(settings.CODEINDEX_OIDC_NAME)
    logger.warning("Single sign-on failed: %s %s", said, details)
    audit.note(Access.SIGN_IN_FAILED, None, subject=settings.CODEINDEX_OIDC_NAME, details=said)
    return render(request, "registration/sign_on_failed.html", {"reason": said}, status=status)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    def pre_login(
        self,
        request: HttpRequest,
        user: User,
        *,
        signal_kwargs: dict[str, Any] | None,
        **named: Any,
    ) -> HttpResponse | None:
        response: HttpResponse | None = super().pre_login(
            request, user, signal_kwargs=signal_kwargs, **named
        )
        sign_on = (signal_kwargs or {}).get("sociallogin")
        if response is None and sign_on is not None:
            claims = rules.claims(sign_on.account.extra_data)
            groups.apply(user, claims, rules.from_settings())
            identities.note(sign_on.account, claims)
        return response

    def login(self, request: HttpRequest, user: User) -> None:
        """Limits the session, so that changes at the provider take effect."""
        login(request, user, backend=backend.PATH)
        request.session.set_expiry(settings.CODEINDEX_OIDC_SESSION_HOURS * 3600)

    def get_login_stages(self) -> list[str]:
        """None: a second factor is the provider's business."""
        return []

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        return failed(request, INACTIVE, 403, user)

    def add_message(self, *arguments: Any, **named: Any) -> None:
        """Adds none: our pages show who is signed in."""


class SocialAccountAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    def list_apps(
        self, request: HttpRequest, provider: str | None = None, client_id: str | None = None
    ) -> list[SocialApp]:
        """The one in the settings; none are in the database."""
        return [oidc.application()] if oidc.is_on() else []

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        # Email addresses prove nothing here, so two users may have the same one.
        sociallogin.email_addresses = []

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        if not _may_sign_up(sociallogin) and not _invitation(request):
            raise ImmediateHttpResponse(failed(request, CLOSED, 403, sociallogin.account.uid))
        return True

    def save_user(
        self, request: HttpRequest, sociallogin: SocialLogin, form: object = None
    ) -> User:
        """A user whom the rules do not let sign up uses up an invitation."""
        try:
            with transaction.atomic():
                user: User = super().save_user(request, sociallogin, form)
                if not _may_sign_up(sociallogin):
                    invitations.accept(_invitation(request), user)
        except InvitationRefused:
            refused = failed(request, CLOSED, 403, sociallogin.account.uid)
            raise ImmediateHttpResponse(refused) from None
        return user

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: object,
        error: str | None = None,
        exception: Exception | None = None,
        extra_context: object = None,
    ) -> None:
        if error == AuthError.CANCELLED:
            response = failed(request, CANCELLED, 403)
        elif isinstance(exception, RequestException):
            response = failed(request, UNREACHABLE, 503, exception)
        else:
            response = failed(request, REFUSED, 403, exception or error or "")
        raise ImmediateHttpResponse(response)

    def get_connect_redirect_url(self, request: HttpRequest, socialaccount: object) -> str:
        return reverse("account")


def _may_sign_up(sign_on: SocialLogin) -> bool:
    return rules.from_settings().may_sign_up(rules.claims(sign_on.account.extra_data))


def _invitation(request: HttpRequest) -> str:
    """The secret of the invitation that brought the user here; "" without an open one."""
    secret = str(request.session.get(invitations.SESSION_KEY, ""))
    try:
        invitations.find(secret)
    except InvitationRefused:
        return ""
    return secret

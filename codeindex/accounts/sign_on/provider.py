"""The provider that the settings name, in the form that allauth needs."""

from __future__ import annotations

import json
from typing import Any

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin, SocialToken
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from allauth.utils import build_absolute_uri
from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.urls import reverse

NAME = "oidc"
"""What the accounts of the provider's users are stored under."""


def is_on() -> bool:
    return bool(settings.CODEINDEX_OIDC_URL)


def display_name() -> str:
    """What pages call the provider; "" without one."""
    return settings.CODEINDEX_OIDC_NAME if is_on() else ""


def is_connected(user: User) -> bool:
    """Whether an account at the provider signs in as `user`."""
    return bool(SocialAccount.objects.filter(user=user, provider=NAME).exists())


def application() -> SocialApp:
    """This installation, as the provider knows it."""
    return SocialApp(
        provider=OpenIDConnectProvider.id,
        provider_id=NAME,
        name=settings.CODEINDEX_OIDC_NAME,
        client_id=settings.CODEINDEX_OIDC_CLIENT_ID,
        secret=settings.CODEINDEX_OIDC_CLIENT_SECRET,
        settings={
            "server_url": settings.CODEINDEX_OIDC_URL,
            "scope": settings.CODEINDEX_OIDC_SCOPES,
            "oauth_pkce_enabled": True,
        },
    )


def configured(request: HttpRequest) -> OpenIDConnectProvider:
    return OpenIDConnect(request, NAME).get_provider()


class OpenIDConnect(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]  # allauth has no types
    """The protocol, stricter than allauth's in two points: the signature of an ID token is always
    checked, and the token must name the same user as the userinfo."""

    def get_provider(self) -> OpenIDConnectProvider:
        provider = get_adapter(self.request).get_provider(self.request, NAME)
        provider.oauth2_adapter_class = OpenIDConnect
        return provider

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        return str(build_absolute_uri(request, reverse("sign-on-callback")))

    def get_access_token_data(self, *arguments: Any, **named: Any) -> Any:
        data = super().get_access_token_data(*arguments, **named)
        self.did_fetch_access_token = False  # else the signature is not checked
        if "id_token" not in data:
            raise OAuth2Error("The provider sent no ID token.")
        return data

    def complete_login(
        self, request: HttpRequest, app: SocialApp, token: SocialToken, **named: Any
    ) -> SocialLogin:
        login = super().complete_login(request, app, token, **named)
        if "\\u0000" in json.dumps(login.account.extra_data):  # Postgres stores none
            raise OAuth2Error("The provider's claims contain NUL characters.")
        subjects = {part["sub"] for part in login.account.extra_data.values()}
        if subjects != {login.account.uid}:
            raise OAuth2Error("The userinfo names another user than the ID token.")
        return login

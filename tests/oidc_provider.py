"""A provider of OpenID Connect on loopback: allauth's own, in a process of its own.

`python -m tests.oidc_provider PORT FOLDER REDIRECT_URI` serves until it is killed. Users sign in
with any name and the password PASSWORD. FOLDER/answers.json says what the provider says of them,
and what is wrong with it: read for each answer, so that a test changes it in between."""

from __future__ import annotations

import json
import sys
import time
from functools import cache
from pathlib import Path
from typing import Any

PASSWORD = "provider's own"
CLIENT, SECRET = "codeindex", "a secret of the client"
LOGIN_FORM = b"<form method=post><input name=username><input name=password></form>"


def configure(folder: Path) -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa
    from django.conf import settings

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    settings.configure(
        SECRET_KEY="of the provider",
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=__name__,
        INSTALLED_APPS=[
            "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions",
            "django.contrib.messages", "allauth", "allauth.account", "allauth.idp.oidc",
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
            "allauth.account.middleware.AccountMiddleware",
        ],
        TEMPLATES=[
            {"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}
        ],
        DATABASES={
            "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": folder / "provider.sqlite"}
        },
        SESSION_COOKIE_NAME="provider-session",  # cookies of one host are shared by all ports
        LOGIN_URL="/login",
        USE_TZ=True,
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        IDP_OIDC_PRIVATE_KEY=key.decode(),
        IDP_OIDC_ADAPTER=f"{__name__}.Adapter",
        IDP_OIDC_RATE_LIMITS=False,
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],  # for speed
        ANSWERS=folder / "answers.json",
    )  # fmt: skip


def answers() -> dict[str, Any]:
    """`claims`: by user, then by name. `id_token` and `userinfo`: claims that are false for all;
    `expired_for`: seconds since when the ID token is."""
    from django.conf import settings

    return json.loads(settings.ANSWERS.read_text())


def __getattr__(name: str) -> Any:
    """What needs configured settings."""
    if name == "Adapter":
        return _adapter()
    if name == "urlpatterns":
        return _urls()
    raise AttributeError(name)


def _adapter() -> type:
    from allauth.idp.oidc.adapter import DefaultOIDCAdapter

    class Adapter(DefaultOIDCAdapter):
        def get_claims(self, purpose: str, user: Any, *arguments: Any, **named: Any) -> Any:
            claims = super().get_claims(purpose, user, *arguments, **named)
            told = answers()
            claims |= told.get("claims", {}).get(user.username, {})
            return claims | (told.get("userinfo", {}) if purpose == "userinfo" else {})

        def populate_id_token(self, id_token: dict[str, Any], *_: Any, **__: Any) -> None:
            told = answers()
            id_token.update(told.get("id_token", {}))
            if expired := told.get("expired_for"):
                id_token["exp"] = int(time.time()) - expired

    return Adapter


def _urls() -> list[Any]:
    from django.contrib.auth import authenticate, get_user_model, login
    from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
    from django.urls import include, path

    def sign_in(request: HttpRequest) -> HttpResponse:
        if request.method != "POST":
            return HttpResponse(LOGIN_FORM)
        name = request.POST["username"]
        if not get_user_model().objects.filter(username=name).exists():
            get_user_model().objects.create_user(name, password=PASSWORD)
        user = authenticate(request, username=name, password=request.POST["password"])
        if user is None:
            return HttpResponse(LOGIN_FORM, status=401)
        login(request, user)
        return HttpResponseRedirect(request.GET["next"])

    return [path("login", sign_in), path("", include("allauth.idp.urls"))]


def main(port: str, folder: str, redirect_uri: str) -> None:
    configure(Path(folder))
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    from allauth.core.internal import jwkkit
    from allauth.idp.oidc.models import Client

    jwkkit.load_jwk_from_pem = cache(jwkkit.load_jwk_from_pem)  # which checks the key each time

    client = Client(id=CLIENT, name="codeindex", skip_consent=True)
    client.set_secret(SECRET)
    client.set_redirect_uris([redirect_uri])
    client.set_scopes(["openid", "profile", "email"])
    client.set_default_scopes(["openid"])
    client.set_grant_types([Client.GrantType.AUTHORIZATION_CODE])
    client.set_response_types(["code"])
    client.save()
    call_command("runserver", f"127.0.0.1:{port}", use_reloader=False)


if __name__ == "__main__":
    sys.modules["tests.oidc_provider"] = sys.modules["__main__"]
    __name__ = "tests.oidc_provider"
    main(*sys.argv[1:])

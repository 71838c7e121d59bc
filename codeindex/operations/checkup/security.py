"""Secrets, and who can reach what: by the settings of this process. Also the checks of
`manage.py check --deploy`."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning

from codeindex.models import CodeHost, OutgoingWebhook, PushWebhook, Repository
from codeindex.operations.backups import rebuilding
from codeindex.operations.checkup.findings import Finding, Weight, advice

LEAST_CHARACTERS, LEAST_DIFFERENT = 50, 5
"""Of a secret key, as Django's own check has them."""

ENCRYPTED = (
    (Repository, "credential"),
    (Repository, "deploy_key"),
    (CodeHost, "token"),
    (PushWebhook, "secret"),
    (OutgoingWebhook, "secret"),
)


def examine() -> Iterator[Finding]:
    yield from of_settings()
    unreadable = sum(rebuilding.unreadable(model, field) != [] for model, field in ENCRYPTED)
    if unreadable:
        yield Finding(
            "Some stored credentials cannot be decrypted.",
            "They were encrypted with another secret key. Whatever needs them fails.",
            "Add the former key to SECRET_KEY_FALLBACKS, or enter the credentials again.",
        )


def of_settings() -> Iterator[Finding]:
    if settings.DEBUG:
        yield Finding(
            "DEBUG is on.",
            "Error pages show settings and code to anyone.",
            "Unset DEBUG, and restart.",
        )
    key = settings.SECRET_KEY
    if len(key) < LEAST_CHARACTERS or len({*key}) < LEAST_DIFFERENT:
        yield advice(
            "SECRET_KEY is short.",
            "Whoever guesses it can sign in as anyone.",
            "Set SECRET_KEY to 50 random characters, and SECRET_KEY_FALLBACKS to the current key.",
        )
    if "*" in settings.ALLOWED_HOSTS:
        yield advice(
            "ALLOWED_HOSTS allows every host name.",
            "A forged host name can end up in the links of mails and invitations.",
            "Set ALLOWED_HOSTS to the host names of this installation.",
        )
    if not settings.CODEINDEX_BEHIND_TLS and not _is_loopback(settings.CODEINDEX_HOST):
        yield advice(
            f"The web server listens on {settings.CODEINDEX_HOST} without TLS.",
            "Passwords, tokens and code can be read on the network.",
            "Put a proxy with TLS in front of it (docs/deployment.md), and set"
            " CODEINDEX_BEHIND_TLS=true.",
        )


def check(app_configs: object, **options: Any) -> list[CheckMessage]:
    """What the settings lack, for `manage.py check --deploy`."""
    kinds = {Weight.PROBLEM: (Error, "E"), Weight.ADVICE: (Warning, "W")}
    messages: list[CheckMessage] = []
    for finding in of_settings():
        kind, letter = kinds[finding.weight]
        hint = f"{finding.why} {finding.fix}"
        messages.append(kind(finding.what, hint=hint, id=f"codeindex.{letter}201"))
    return messages


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"

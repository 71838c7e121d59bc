"""Records sign-ins, sign-outs and failed attempts, however they are made."""

from __future__ import annotations

import logging
from typing import Any

from django.contrib.auth import signals
from django.contrib.auth.models import User
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest

from codeindex import audit
from codeindex.accounts.limits import clients
from codeindex.audit import Access, Change

NAME_CHARACTERS = 150
"""The longest name that is noted, which is the longest that Django allows."""

logger = logging.getLogger(__name__)


@receiver(signals.user_logged_in)
@transaction.atomic
def record_sign_in(user: User, **_: Any) -> None:
    audit.record(Change.SIGNED_IN, user.get_username(), by=user)


@receiver(signals.user_logged_out)
@transaction.atomic
def record_sign_out(user: User | None, **_: Any) -> None:
    if user is not None:
        audit.record(Change.SIGNED_OUT, user.get_username(), by=user)


@receiver(signals.user_login_failed)
def note_failure(credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    name = str(credentials.get("username") or credentials.get("email") or "")[:NAME_CHARACTERS]
    address = clients.address(request) if request else "this machine"
    logger.warning("%r failed to sign in from %s.", name, address)
    audit.note(Access.SIGN_IN_FAILED, None, subject=name)

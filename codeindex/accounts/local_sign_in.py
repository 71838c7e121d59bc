"""Signs in requests from this machine that are signed with the key in the state folder. Whoever can
read that folder can read the whole database, so they act as the first administrator."""

from __future__ import annotations

import hmac
import re
import time

from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from codeindex.client import local_server
from codeindex.client.local_server import VALID_SECONDS, signature

REFUSED = "The signature is wrong or too old."


def signed_in(request: HttpRequest | Request, credentials: str) -> User:
    """The first administrator, for the credentials of an Authorization header. Raises
    `AuthenticationFailed`."""
    match = re.fullmatch(r"([0-9]{1,12}) ([0-9a-f]{64})", credentials)
    server = local_server.in_folder(settings.CODEINDEX_HOME)
    if match is None or server is None:
        raise AuthenticationFailed(REFUSED)
    signed_at, given = int(match[1]), match[2]
    expected = signature(
        server.key,
        signed_at,
        request.META["REQUEST_METHOD"],
        request.META["PATH_INFO"].encode("latin-1"),  # as WSGI has it
        request.META.get("QUERY_STRING", ""),
        request.body,
    )
    is_fresh = abs(time.time() - signed_at) <= VALID_SECONDS
    if not (hmac.compare_digest(given, expected) and is_fresh):
        raise AuthenticationFailed(REFUSED)
    administrators = User.objects.filter(is_superuser=True, is_active=True)
    user = administrators.order_by("pk").first()
    if user is None:
        raise AuthenticationFailed("There is no administrator to sign in as.")
    return user

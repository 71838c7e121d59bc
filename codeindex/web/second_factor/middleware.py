"""Requires the second factor of sessions that a password opened, where the settings do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from codeindex.accounts import second_factor
from codeindex.web import errors
from codeindex.web.second_factor import session

OPEN = frozenset({"second-factor", "set-up-second-factor", "logout", "health"})
"""The names of the addresses that such a session may use until then."""

REQUIRED = "Your administrator requires a second factor. Set it up on your account's page."


class RequiredSecondFactor:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._get_response(request)

    def process_view(self, request: HttpRequest, *_: Any) -> HttpResponse | None:
        if settings.CODEINDEX_SECOND_FACTOR == "optional" or not _lacks_it(request):
            return None
        if request.resolver_match and request.resolver_match.url_name in OPEN:
            return None
        if errors.is_api(request):
            return errors.error(request, 403, REQUIRED)
        session.note_next(request)
        return redirect("second-factor")


def _lacks_it(request: HttpRequest) -> bool:
    user = request.user
    return (
        isinstance(user, User)
        and session.is_by_password_alone(request)
        and second_factor.is_required(user)
    )

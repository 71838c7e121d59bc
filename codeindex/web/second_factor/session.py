"""What the session knows of the second factor: whose password was right, and whether a code was."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, login
from django.contrib.auth.models import User
from django.http import HttpRequest

SECONDS = 300.0
"""How long the code may be entered after the password."""

PENDING, PASSED = "second factor pending", "second factor passed"
"""The session's keys."""

NEXT = "second factor next"
"""The session's key for the page that was asked for while the second factor was lacking."""

SECRET = "second factor secret"  # noqa: S105
"""The session's key for the secret of an app that is being set up."""

PASSWORDS = "django.contrib.auth.backends.ModelBackend"
"""The backend of sessions that a password opened."""


@dataclass(frozen=True, slots=True)
class Pending:
    """The password of a user was right. `digest` changes with the password."""

    user: int
    digest: str
    next: str
    until: float


def await_code(request: HttpRequest, user: User, next_page: str) -> None:
    """The password was right; the session is nobody's yet."""
    pending = Pending(user.pk, user.get_session_auth_hash(), next_page, time.time() + SECONDS)
    request.session[PENDING] = asdict(pending)


def pending_user(request: HttpRequest) -> tuple[User, Pending] | None:
    """Whose code is awaited, if it is."""
    if PENDING not in request.session:
        return None
    pending = Pending(**request.session[PENDING])
    user = User.objects.filter(pk=pending.user, is_active=True).first()
    if user is None or pending.until < time.time():
        return None
    return (user, pending) if user.get_session_auth_hash() == pending.digest else None


def sign_in(request: HttpRequest, user: User) -> None:
    """The code was right, too."""
    del request.session[PENDING]
    login(request, user, backend=PASSWORDS)
    note_passed(request)


def note_passed(request: HttpRequest) -> None:
    request.session[PASSED] = True


def note_next(request: HttpRequest) -> None:
    if request.method == "GET":
        request.session[NEXT] = request.get_full_path()


def next_page(request: HttpRequest) -> str:
    """Where the user goes on, once."""
    return str(request.session.pop(NEXT, settings.LOGIN_REDIRECT_URL))


def is_by_password_alone(request: HttpRequest) -> bool:
    """Whether a password opened the session, and no code was given."""
    return request.session.get(BACKEND_SESSION_KEY) == PASSWORDS and not request.session.get(PASSED)

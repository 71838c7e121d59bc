"""Passwords: limits on guesses, and on how many are hashed at the same time."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import signals
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.core.exceptions import PermissionDenied
from django.dispatch import receiver
from django.http import HttpRequest

from codeindex import audit
from codeindex.accounts.limits import clients
from codeindex.accounts.limits.lockouts import Attempt
from codeindex.accounts.limits.throttles import TooManyRequests
from codeindex.accounts.limits.turns import NoTurn, Turns
from codeindex.accounts.sign_ins import NAME_CHARACTERS
from codeindex.audit import Access

HASH_SECONDS = 5.0
"""How long hashing waits for its turn."""

_hashing = Turns()


def require_enabled() -> None:
    """Raises `PermissionDenied` where the settings switch passwords off."""
    if not settings.CODEINDEX_PASSWORDS:
        raise PermissionDenied("Signing in with a password is switched off.")


class OneAtATime(PBKDF2PasswordHasher):
    """Django's own, for one password at a time in a process: each takes half a second of CPU time,
    and searches need the CPU, too. One more waits; others are refused."""

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        turn = _hashing.hold("", at_once=1, waiting=1, seconds=HASH_SECONDS)
        try:
            with turn:
                return super().encode(password, salt, iterations)
        except NoTurn:
            raise TooManyRequests("Too many people are signing in right now.", 2) from None


class Gate:
    """An authentication backend in front of the one that checks passwords. It counts attempts, and
    refuses them during a lock. It signs nobody in."""

    def authenticate(self, request: HttpRequest | None, username: str = "", **_: Any) -> None:
        if request is None:
            return
        attempt = Attempt(folded(username), clients.address(request))
        if seconds := attempt.admit():
            audit.note(
                Access.SIGN_IN_LOCKED,
                None,
                subject=username[:NAME_CHARACTERS],
                details=f"{seconds} seconds",
            )
        request.sign_in_attempt = attempt  # type: ignore[attr-defined]


@receiver(signals.user_logged_in)
def forgive(request: HttpRequest, **_: Any) -> None:
    """Resets the counts after a right password."""
    attempt = getattr(request, "sign_in_attempt", None)
    if isinstance(attempt, Attempt):
        attempt.succeed()


def folded(name: str) -> str:
    """A name of limited length without the separators of a key."""
    return name[:NAME_CHARACTERS].casefold().encode("utf-8", "replace").hex()

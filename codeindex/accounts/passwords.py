"""Passwords: limits on guesses, and on how many are hashed at the same time."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import signals
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.models import User
from django.dispatch import receiver
from django.http import HttpRequest

from codeindex.accounts import clients, throttles
from codeindex.accounts.sign_ins import NAME_CHARACTERS
from codeindex.accounts.throttles import TooManyRequests
from codeindex.accounts.turns import NoTurn, Turns

HASH_SECONDS = 5.0
"""How long hashing waits for its turn."""

GUESSES, SIGNING_IN = "wrong passwords", "attempts to sign in"

_hashing = Turns()


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
    """An authentication backend in front of the one that checks passwords. It counts the attempts
    of an address and, until one succeeds, those for a user from it. It signs nobody in."""

    def authenticate(self, request: HttpRequest | None, username: str = "", **_: Any) -> None:
        if request is None:
            return
        address = clients.address(request)
        throttles.count(SIGNING_IN, settings.CODEINDEX_ADDRESS_LOGIN_RATE, address)
        throttles.count(GUESSES, settings.CODEINDEX_LOGIN_RATE, _folded(username), address)


@receiver(signals.user_logged_in)
def forget_guesses(request: HttpRequest, user: User, **_: Any) -> None:
    client = _folded(user.get_username()), clients.address(request)
    throttles.reset(GUESSES, settings.CODEINDEX_LOGIN_RATE, *client)


def _folded(name: str) -> str:
    """A name of limited length without the separators of a key."""
    return name[:NAME_CHARACTERS].casefold().encode().hex()

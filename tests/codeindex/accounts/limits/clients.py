"""Clients whose requests are limited."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import User
from django.test import Client

SECRET = "a long enough secret"
GIVE_UP_SECONDS = 60.0


def sign_in(name: str, password: str, address: str = "192.0.2.1") -> Any:
    form = {"username": name, "password": password}
    return Client().post("/account/login/", form, REMOTE_ADDR=address)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + GIVE_UP_SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)

"""A running provider, and a browser that goes between it and this server."""

from __future__ import annotations

import json
import re
import socket
from pathlib import Path
from typing import Any

import httpx

from tests import oidc_provider

PROJECT = Path(__file__).parents[4]


class Provider:
    """A running provider, and what it says."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self._answers = folder / "answers.json"
        self.says()

    def says(self, **answers: Any) -> None:
        """What it says from now on, as `tests.oidc_provider.answers` has it."""
        self._answers.write_text(json.dumps(answers))

    def says_of(self, user: str, **claims: Any) -> None:
        self.says(claims={user: claims})


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Browser:
    """Keeps cookies, and follows redirects from the server to the provider and back."""

    def __init__(self, url: str) -> None:
        self.client = httpx.Client(base_url=url, follow_redirects=True, timeout=30)

    def get(self, address: str, **named: Any) -> httpx.Response:
        return self.client.get(address, **named)

    def to_provider(self, page: str = "") -> httpx.Response:
        """The provider's page, by the button of the page for signing in."""
        shown = self.get("/account/login/", params={"next": page} if page else {})
        (button,) = re.findall(
            r'href="(/account/sign-on/[^"]*)">Sign in with Example ID', shown.text
        )
        return self.get(button)

    def sign_in(self, name: str, page: str = "") -> httpx.Response:
        asked = self.to_provider(page)
        if asked.status_code != 200 or "/login?" not in str(asked.url):
            return asked  # the provider still knows the user, or something went wrong
        form = {"username": name, "password": oidc_provider.PASSWORD}
        return self.client.post(asked.url, data=form)

    def user(self) -> str:
        """The name that the pages show, "" for nobody."""
        (menu,) = re.findall(r"<summary><span>([^<]*)</span>", self.get("/account/").text)
        return "" if menu == "Menu" else menu
